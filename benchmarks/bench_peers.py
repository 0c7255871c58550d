"""Compare the speed of strsbp with that of other libraries ("peers").

    python benchmarks/bench_peers.py [--runs 5] [--dataset mnist5k] [--out benchmarks/results]

snnTorch, SpikingJelly and Norse train 784-400-R400-10 by backpropagation through time with
surrogate gradients (Adam, T = 400, batches of 1, 16 and 64) on the same digits and the same input
spikes as strsbp (batch 1, `reservoir: published`, `adjoint: published`). Their recurrent layer is
all-to-all, as these libraries provide it; ours is the sparse reservoir. All use the same core, and
every run times each of them in turn, so a busy machine affects all equally. Missing libraries are
skipped with a message. Writes peers.csv; the time per sample includes the encoding of its spikes.
"""

import argparse
import importlib
import os
from importlib import metadata
from pathlib import Path

import numba
import pandas as pd
from bench_engine import WARM_UP, kept, make_network, measure, train_samples

from strsbp.data import load_dataset
from strsbp.files import write_csv
from strsbp.training import provenance

PEERS = {"snnTorch": "snntorch_peer", "SpikingJelly": "spikingjelly_peer", "Norse": "norse_peer"}
OURS = "strsbp"
BATCHES = (1, 16, 64)
SAMPLES = {1: 4, 16: 32, 64: 64}
"""Digits per timed call of a peer, by batch size."""
OUR_SAMPLES = 400
SEED = 1


class Ours:
    """Our network with the interface of the peers; each timed call begins with the same weights,
    on which its speed depends."""

    name, batch, n_samples = OURS, 1, OUR_SAMPLES

    def __init__(self, digits):
        self.version = metadata.version("strsbp")
        self._digits, self._network = digits, make_network(SEED)
        train_samples(self._network, digits, range(WARM_UP))
        self._kept = kept(self._network)

    def restart(self) -> None:
        self._network.load_state(self._kept)

    def train(self, indices: range) -> None:
        train_samples(self._network, self._digits, indices)

    def predict(self, indices: range) -> None:
        self._network.predict_samples(self._digits.test_images, indices.start, indices.stop)


def load_peers() -> tuple[dict, list[str]]:
    """The peers' modules by name, and a message for each that cannot be imported."""
    modules, skipped = {}, []
    for name, module in PEERS.items():
        try:
            modules[name] = importlib.import_module(f"peers.{module}")
        except ImportError as error:
            skipped.append(f"{name} is skipped: it cannot be imported here ({error}).")
    return modules, skipped


def time_networks(networks, runs: int) -> pd.DataFrame:
    """CPU and wall milliseconds per sample, one row per run, network and stage."""
    rows = []
    for run in range(-1, runs):  # the first run is a warm-up
        for network in networks:
            count = network.n_samples if run >= 0 else network.batch
            for stage, call in (("training", network.train), ("inference", network.predict)):
                network.restart()
                cpu, wall = measure(lambda call=call, count=count: call(range(count)))
                rows.append(
                    {
                        "peer": network.name, "version": network.version, "batch": network.batch,
                        "stage": stage, "n_samples": count, "run": run,
                        "cpu_ms": 1e3 * cpu / count, "wall_ms": 1e3 * wall / count,
                    }
                )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame[frame["run"] >= 0]


def summarise(times: pd.DataFrame) -> pd.DataFrame:
    """Median, minimum and maximum over the runs, and the time relative to ours.

    `times`: columns peer, version, batch, stage, n_samples, run, cpu_ms, wall_ms. `times_ours` is
    the median over the runs of the ratio of CPU times.
    """
    ours = times[times["peer"] == OURS].set_index(["stage", "run"])["cpu_ms"]
    place = pd.MultiIndex.from_frame(times[["stage", "run"]])
    times = times.assign(ratio=times["cpu_ms"].to_numpy() / ours.loc[place].to_numpy())
    groups = times.groupby(["peer", "version", "batch", "stage", "n_samples"], sort=False)
    return groups.agg(
        runs=("run", "size"),
        cpu_ms_per_sample=("cpu_ms", "median"),
        cpu_ms_min=("cpu_ms", "min"),
        cpu_ms_max=("cpu_ms", "max"),
        wall_ms_per_sample=("wall_ms", "median"),
        wall_ms_min=("wall_ms", "min"),
        wall_ms_max=("wall_ms", "max"),
        times_ours=("ratio", "median"),
    ).reset_index()


def take_one_core() -> None:
    """Restrict this process to one core and one thread."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    numba.set_num_threads(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dataset", default="mnist5k", help="mnist5k or mnist")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    about = provenance.machine()
    take_one_core()

    digits = load_dataset(options.dataset)
    modules, skipped = load_peers()
    print(*skipped, sep="\n", end="\n" if skipped else "")
    networks = [Ours(digits)]
    if modules:
        from peers.bptt import BpttPeer  # needs torch, which every peer depends on

        networks += [
            BpttPeer(module, digits, batch, SAMPLES[batch], SEED)
            for module in modules.values()
            for batch in BATCHES
        ]
    summary = summarise(time_networks(networks, options.runs)).assign(
        device="cpu 1 core", machine=f"{about['cpu']}, {about['platform']}"
    )
    write_csv(summary, options.out / "peers.csv", digits=4)
    shown = summary.drop(columns=["machine", "device", "wall_ms_min", "wall_ms_max"])
    print(shown.to_string(index=False, float_format=lambda value: f"{value:.4g}"))


if __name__ == "__main__":
    main()
