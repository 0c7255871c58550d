"""Compare the speed of strsbp with that of other libraries ("peers").

    python benchmarks/bench_peers.py

snnTorch, SpikingJelly and Norse train 784-400-R400-10 by backpropagation through time with
surrogate gradients (Adam, T = 400, batches of 1, 16 and 64) on the same digits and the same input
spikes as strsbp (batch 1, `reservoir: published`, `adjoint: published`). Their recurrent layer is
all-to-all, as these libraries provide it; ours is the sparse reservoir. All use the same core, and
every run times each of them in turn, so a busy machine affects all equally. Missing libraries are
skipped with a message. Writes benchmarks/results/peers.csv; the CPU time per sample includes the
encoding of its spikes.
"""

import importlib
import os
from importlib import metadata

import numba
import pandas as pd
from bench_engine import RUNS, SAMPLES, WARM_UP, kept, make_network, measure, report, train_samples

from strsbp.data import load_dataset
from strsbp.training import provenance

PEERS = {"snnTorch": "snntorch", "SpikingJelly": "spikingjelly", "Norse": "norse"}
"""The peers' packages, by name."""
OURS = "strsbp"
SAMPLES_OF_PEERS = {1: 4, 16: 32, 64: 64}
"""Digits per timed call of a peer, by batch size."""
SEED = 1


class Ours:
    """Our network with the interface of the peers; each timed call begins with the same weights,
    on which its speed depends."""

    name, batch, n_samples = OURS, 1, SAMPLES

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
    for name, package in PEERS.items():
        try:
            modules[name] = importlib.import_module(f"peers.{package}_peer")
        except ImportError as error:
            skipped.append(f"{name} is skipped: it cannot be imported here ({error}).")
    return modules, skipped


def time_networks(networks, runs: int) -> pd.DataFrame:
    """CPU milliseconds per sample, one row per run, network and stage."""
    rows = []
    for run in range(-1, runs):  # the first run is a warm-up
        for network in networks:
            count = network.n_samples if run >= 0 else network.batch
            for stage, call in (("training", network.train), ("inference", network.predict)):
                network.restart()
                seconds = measure(lambda call=call, count=count: call(range(count)))
                rows.append(
                    {
                        "peer": network.name, "version": network.version, "batch": network.batch,
                        "stage": stage, "n_samples": count, "run": run,
                        "ms": 1e3 * seconds / count,
                    }
                )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame[frame["run"] >= 0]


def summarise(times: pd.DataFrame) -> pd.DataFrame:
    """Median, minimum and maximum over the runs, and the time relative to ours.

    `times`: as from `time_networks`. `times_ours` is the median over the runs of the ratio.
    """
    ours = times[times["peer"] == OURS].set_index(["stage", "run"])["ms"]
    place = pd.MultiIndex.from_frame(times[["stage", "run"]])
    times = times.assign(ratio=times["ms"].to_numpy() / ours.loc[place].to_numpy())
    groups = times.groupby(["peer", "version", "batch", "stage", "n_samples"], sort=False)
    return groups.agg(
        runs=("run", "size"),
        ms=("ms", "median"),
        ms_low=("ms", "min"),
        ms_high=("ms", "max"),
        times_ours=("ratio", "median"),
    ).reset_index()


def main() -> None:
    about = provenance.machine()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    numba.set_num_threads(1)

    digits = load_dataset("mnist5k")
    modules, skipped = load_peers()
    print(*skipped, sep="\n", end="\n" if skipped else "")
    networks = [Ours(digits)]
    if modules:
        from peers.bptt import BpttPeer  # needs torch, which every peer depends on

        networks += [
            BpttPeer(name, PEERS[name], module, digits, batch, n_samples, SEED)
            for name, module in modules.items()
            for batch, n_samples in SAMPLES_OF_PEERS.items()
        ]
    machine = f"{about['cpu']}, {about['platform']}"
    report(summarise(time_networks(networks, RUNS)).assign(machine=machine), "peers")


if __name__ == "__main__":
    main()
