"""Compare the speed of strsbp with that of other libraries ("peers").

    python benchmarks/bench_peers.py [--runs 5] [--curve-seconds 0] [--dataset mnist5k]
        [--out benchmarks/results]

snnTorch, SpikingJelly and Norse train 784-400-R400-10 by backpropagation through time with
surrogate gradients (Adam, T = 400, batches of 1, 16 and 64) on the same digits and the same input
spikes as strsbp (batch 1, `reservoir: published`, `adjoint: published`). Their recurrent layer is
all-to-all, as these libraries provide it; ours is the sparse reservoir. GNU Octave runs the e_ij
simulation as an interpreted loop. All use the same core, and every run times each of them in turn,
so a busy machine affects all equally. Missing libraries are skipped with a message.

Writes peers.csv and, with --curve-seconds, peers_curve.csv (test error against CPU seconds of
training on the first 1,000 digits). The time per sample includes the encoding of its spikes.
"""

import argparse
import importlib
import os
from importlib import metadata
from pathlib import Path

import numba
import numpy as np
import pandas as pd
from bench_engine import kept, make_network, table_of
from machine import measure
from peers import octave_peer

import strsbp
from strsbp.encoding import TEST_SPLIT
from strsbp.files import write_csv
from strsbp.training import provenance
from strsbp.training.epochs import epoch_order

PEERS = {"snnTorch": "snntorch_peer", "SpikingJelly": "spikingjelly_peer", "Norse": "norse_peer"}
OURS = "strsbp"
BATCHES = (1, 16, 64)
SAMPLES = {1: 4, 16: 32, 64: 64}
"""Digits per timed call of a peer, by batch size."""
OUR_SAMPLES = 400
OUR_WARM_UP = 150
"""Training samples before timing starts, since an untrained network fires differently."""
SEED = 1

TABLE = table_of(grid=50)
GRID_REPEATS = 1000
"""The authors' number of repeats per cell of the 50 x 50 grid."""
OCTAVE_PARTS, OCTAVE_REPEATS = 3, 40
"""Octave runs only the middle cells of 3 x 3 parts of the grid, with 40 repeats each."""
LARGEST_DEVIATION = 6.0
"""Largest accepted difference between a cell of Octave and ours, in standard errors."""


class Ours:
    """Our network with the interface of the peers."""

    name, batch = OURS, 1

    def __init__(self, digits):
        self.version = metadata.version("strsbp")
        self._digits, self._network = digits, make_network(SEED)

    def train(self, indices, epoch: int = 0) -> None:
        order = np.asarray(indices)
        self._network.train_samples(
            self._digits.train_images, order, self._digits.train_labels[order],
            np.ones(order.size), epoch,
        )  # fmt: skip

    def predict(self, indices, batch: int = 1) -> np.ndarray:
        images = self._digits.test_images
        return self._network.predict_samples(images, min(indices), max(indices) + 1, TEST_SPLIT)[0]

    def keep(self) -> None:
        """Store the weights from which every timed run starts."""
        self._kept = kept(self._network)

    def restart(self) -> None:
        """Restore the stored weights."""
        self._network.load_state(self._kept)


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
    calls = []
    for network in networks:
        count = OUR_SAMPLES if network.name == OURS else SAMPLES[network.batch]
        warm_up = OUR_WARM_UP if network.name == OURS else network.batch
        network.train(range(warm_up))
        network.predict(range(network.batch))
        if network.name == OURS:
            network.keep()
        for stage in ("training", "inference"):
            call = network.train if stage == "training" else network.predict
            calls.append((network, stage, count, call))
    rows = []
    for run in range(runs):
        for network, stage, count, call in calls:
            if network.name == OURS:
                network.restart()  # its speed depends on how long it has been trained
            cpu, wall = measure(lambda call=call, count=count: call(range(count)))
            rows.append(
                {
                    "peer": network.name, "version": network.version, "batch": network.batch,
                    "stage": stage, "n_samples": count, "run": run,
                    "cpu_ms": 1e3 * cpu / count, "wall_ms": 1e3 * wall / count,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def time_simulations(runs: int) -> pd.DataFrame:
    """The same for the e_ij simulation; a sample is one pair of trains. Ours runs the whole grid.

    Raises `SystemExit` if Octave's means differ from ours by more than sampling noise.
    """
    octave = octave_peer.find_octave()
    if octave is None:
        print("Octave is skipped: octave-cli is not on the path.")
        return pd.DataFrame()
    octave_version = octave_peer.version(octave)
    counts = octave_peer.spread_counts(TABLE.grid, OCTAVE_PARTS)
    strsbp.simulate_surface(TABLE, repeats=2, seed=SEED)  # compiles
    n_ours = TABLE.grid**2 * GRID_REPEATS
    n_octave = len(counts) ** 2 * OCTAVE_REPEATS
    rows, surfaces = [], []
    for run in range(runs):
        cells = octave_peer.run_cells(octave, TABLE, counts, OCTAVE_REPEATS, seed=run)
        cpu, wall = measure(
            lambda: surfaces.append(strsbp.simulate_surface(TABLE, repeats=GRID_REPEATS, seed=SEED))
        )
        apart = largest_deviation(cells, OCTAVE_REPEATS, surfaces[-1])
        if apart > LARGEST_DEVIATION:
            raise SystemExit(
                f"Octave's e_ij differs from ours by {apart:.1f} standard errors, so the two do "
                "not simulate the same thing; compare eij.m with strsbp/spsp/simulate.py."
            )
        octave_cpu, octave_wall = sum(c.cpu_s for c in cells), sum(c.wall_s for c in cells)
        for peer, version, count, cpu_s, wall_s in (
            (octave_peer.NAME, octave_version, n_octave, octave_cpu, octave_wall),
            (OURS, metadata.version("strsbp"), n_ours, cpu, wall),
        ):
            rows.append(
                {
                    "peer": peer, "version": version, "batch": 1, "stage": "e_ij pair",
                    "n_samples": count, "run": run,
                    "cpu_ms": 1e3 * cpu_s / count, "wall_ms": 1e3 * wall_s / count,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def largest_deviation(cells, repeats: int, surface) -> float:
    """Largest difference between a cell's mean and the surface, in standard errors."""
    worst = 0.0
    for cell in cells:
        place = cell.o_j - 1, cell.o_i - 1
        # The standard deviation of one repeat, and from it the error of the difference of means.
        single = surface.standard_error[place] * surface.repeats**0.5
        error = single * (1 / repeats + 1 / surface.repeats) ** 0.5
        worst = max(worst, abs(cell.mean - surface.mean[place]) / error)
    return worst


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


def curve(network, digits, limit: float, n_train: int, n_test: int) -> list[dict]:
    """Test error after 1/16, 1/4 and all of `limit` CPU seconds of training."""
    spent, done, epoch, rows = 0.0, 0, 0, []
    due = [limit / 16, limit / 4, limit]
    while due:
        order = epoch_order(SEED, epoch, n_train)
        for start in range(0, n_train, network.batch):
            chunk = order[start : start + network.batch]
            spent += measure(lambda chunk=chunk, epoch=epoch: network.train(chunk, epoch))[0]
            done += len(chunk)
            if due and spent >= due[0]:
                due.pop(0)
                wrong = network.predict(range(n_test), max(BATCHES)) != digits.test_labels[:n_test]
                rows.append(
                    {
                        "peer": network.name, "batch": network.batch, "cpu_s": spent,
                        "samples": done, "test_error": wrong.mean(),
                        "n_train": n_train, "n_test": n_test,
                    }
                )  # fmt: skip
                print(f"{network.name}: {wrong.mean():.1%} after {spent:.0f} CPU s", flush=True)
            if not due:
                break
        epoch += 1
    return rows


def take_one_core() -> None:
    """Restrict this process and its child processes to one core and one thread."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    numba.set_num_threads(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="0: no timing, only the curves")
    parser.add_argument(
        "--curve-seconds", type=float, default=0, help="CPU time per curve; 0: no curves"
    )
    parser.add_argument("--curve-batch", type=int, default=16, help="the peers' batch for curves")
    parser.add_argument("--dataset", default="mnist5k", help="mnist5k or mnist")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    about = provenance.machine()
    machine = f"{about['cpu']}, {about['platform']}"
    take_one_core()

    digits = strsbp.load_dataset(options.dataset)
    modules, skipped = load_peers()
    print(*skipped, sep="\n", end="\n" if skipped else "")

    def peer(name: str, batch: int):
        from peers.bptt import BpttPeer  # needs torch, which every peer depends on

        return BpttPeer(modules[name], digits, batch, n_steps=TABLE.n_steps, seed=SEED)

    if options.runs > 0:
        networks = [Ours(digits)]
        networks += [peer(name, batch) for name in modules for batch in BATCHES]
        times = pd.concat([time_networks(networks, options.runs), time_simulations(options.runs)])
        summary = summarise(times).assign(device="cpu 1 core", machine=machine)
        write_csv(summary, options.out / "peers.csv", digits=4)
        shown = summary.drop(columns=["machine", "device", "wall_ms_min", "wall_ms_max"])
        print(shown.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
        print_simulation(summary)

    if options.curve_seconds > 0:
        rows = []
        batch = options.curve_batch
        for network in (Ours(digits), *(peer(name, batch) for name in modules)):
            rows += curve(network, digits, options.curve_seconds, n_train=1000, n_test=1000)
            # Written after each network, because all of them take long.
            frame = pd.DataFrame(rows).assign(device="cpu 1 core", machine=machine)
            write_csv(frame, options.out / "peers_curve.csv", digits=4)


def print_simulation(summary: pd.DataFrame) -> None:
    """Print the time for the whole grid, measured or scaled from a part of it."""
    pairs = TABLE.grid**2 * GRID_REPEATS
    for row in summary[summary["stage"] == "e_ij pair"].itertuples():
        seconds = row.cpu_ms_per_sample * pairs / 1e3
        how = "measured" if row.n_samples == pairs else f"scaled from {row.n_samples} pairs"
        print(
            f"{row.peer}: {TABLE.grid} x {TABLE.grid} x {GRID_REPEATS} e_ij take "
            f"{seconds:.4g} s of CPU time ({how})"
        )


if __name__ == "__main__":
    main()
