"""Measures everything that needs an NVIDIA GPU, in one run of about eight minutes.

    python benchmarks/bench_gpu.py [--rehearsal] [--out benchmarks/results/gpu]

`make gpu` makes the environment and runs this. It writes to a folder named after the card:

    machine.json    the card, its driver, the processor, versions
    tests.txt       the tests marked `gpu`
    equality.csv    every kind of arm on real digits, compared with the CPU engine
    times.csv       time per sample of the GPU, by number of replicas, and of one core of the CPU
    kernels.csv     the share of each kernel, by number of replicas
    workflow.json   one arm by `snakemake --resources gpu=1`, compared with the same on the CPU
    summary.json    what passed, and how long it took

A step that fails is recorded, and the others still run. `--rehearsal` uses small sizes, for the
stand-in for CuPy.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from bench_engine import measure

from strsbp.cuda.device import array_module, gpu_name
from strsbp.cuda.driver import Replicas, bytes_per_replica
from strsbp.cuda.training import train_epochs
from strsbp.data import Digits, load_dataset
from strsbp.engine.network import Network
from strsbp.files import write_csv, write_json, write_text
from strsbp.network import build_network
from strsbp.settings import ModelSettings
from strsbp.spsp.table import read_table
from strsbp.study.loading import load_profile
from strsbp.training import provenance
from strsbp.training.epochs import TrainingState, train
from strsbp.training.run import metrics_csv

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results" / "paper"
REPEATS = 20
"""Launches of a kernel that are timed together."""


class Sizes(NamedTuple):
    """How much is measured."""

    replicas: tuple[int, ...] = (1, 16, 64, 128)
    samples: int = 512
    """Training samples per epoch, and test samples; the second epoch is timed."""
    equal: tuple[int, int, int] = (60, 30, 2)
    """Training digits, test digits and epochs of the comparison of arms."""
    arms: int | None = None
    """Kinds of arms compared; None for all."""
    workflow: tuple[int, int, int] = (500, 500, 3)
    """Training digits, test digits and epochs of the arm that the workflow trains."""
    tests: str = ""
    """Which of the tests marked `gpu`, as an expression for pytest's -k; empty for all."""


REHEARSAL = Sizes((1, 2), 2, (3, 2, 1), 2, (3, 2, 1), "ready_spike_trains")

STUDY = load_profile(ROOT / "config", "paper")


def network_of(name: str, seed: int) -> Network:
    """The network of an arm of the paper-size study before training."""
    arm = STUDY.arm(name)
    table = read_table(arm.table_path(RESULTS))
    return build_network(arm, STUDY.architectures[arm.architecture], table, seed)


def kinds_of_arms() -> list[str]:
    """One arm for each set of dynamics, gradient, table and architecture with results."""
    kinds: dict[str, str] = {}
    for name, arm in STUDY.all_arms.items():
        if not arm.table_path(RESULTS).is_file():
            continue
        chosen = arm.model_dump(include={*ModelSettings.model_fields, "table", "architecture"})
        kinds.setdefault(json.dumps(chosen, sort_keys=True), name)
    return list(kinds.values())


def machine(xp, sizes: Sizes, out: Path) -> str:
    """Describe the machine."""
    properties = xp.cuda.runtime.getDeviceProperties(0)
    card = {
        "gpu": gpu_name(xp),
        "multiprocessors": properties["multiProcessorCount"],
        "gpu_memory": properties["totalGlobalMem"],
        "driver": xp.cuda.runtime.driverGetVersion(),
        "cuda": xp.cuda.runtime.runtimeGetVersion(),
    }
    versions = provenance.versions() | {"cupy": xp.__version__}
    write_json(provenance.machine() | card | {"versions": versions}, out / "machine.json")
    return card["gpu"]


def tests(xp, sizes: Sizes, out: Path) -> str:
    """Run the tests marked `gpu`."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "4", "-m", "gpu"]
    command += ["tests/test_cuda_kernels.py", "-k", sizes.tests or "gpu"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    write_text(done.stdout[-20_000:], out / "tests.txt")
    last = done.stdout.strip().splitlines()[-1]
    if done.returncode or "skipped" in last:
        raise AssertionError(last)
    return last


def equality(xp, sizes: Sizes, out: Path) -> str:
    """Train every kind of arm on both devices and compare metrics, weights and spikes.

    Weights may differ in the last digit, by the device's `exp`, and metrics in what follows from
    it (docs/how-to/gpu.md); with equal weights, every spike must be the same.
    """
    n_train, n_test, epochs = sizes.equal
    digits = load_dataset("mnist5k").first(n_train, n_test)
    rows = []
    for name in kinds_of_arms()[: sizes.arms]:
        runs = [TrainingState.start(network_of(name, seed), digits) for seed in (1, 2)]
        train_epochs(runs, epochs, xp)
        networks = [run.network for run in runs]
        replicas = Replicas(networks, digits, xp)
        on_gpu = replicas.evaluate()
        for r, (run, network) in enumerate(zip(runs, networks, strict=True)):
            on_cpu = network.predict_samples(digits.test_images, 0, n_test)
            other = network_of(name, network.seed)
            metrics, own, trained = train(other, digits, epochs), other.state(), network.state()
            apart = [np.abs(own[key].astype(float) - trained[key]) for key in own]
            rows.append(
                {
                    "arm": name,
                    "seed": network.seed,
                    "metrics_equal": int(metrics_csv(metrics) == metrics_csv(run.rows)),
                    "weights_different": sum(int(np.count_nonzero(a)) for a in apart),
                    "largest_difference": max(float(np.nanmax(a)) for a in apart),
                    "counts_different": sum(
                        int(np.count_nonzero(a != b[r]))
                        for a, b in zip(on_cpu, on_gpu, strict=True)
                    ),
                    "spikes_different": sum(
                        int(np.count_nonzero(spikes_of(replicas, k, r) != layer.trains.to_dense()))
                        for k, layer in enumerate(network.layers)
                    ),
                }
            )
        write_csv(pd.DataFrame(rows), out / "equality.csv")
    found = pd.DataFrame(rows)
    wrong = found[(found["counts_different"] > 0) | (found["spikes_different"] > 0)]
    if len(wrong):
        raise AssertionError(f"spikes differ: {', '.join(wrong['arm'])}")
    equal = int(found["metrics_equal"].sum())
    return f"{len(found)} runs have the same spikes, {equal} the same metrics"


def spikes_of(replicas: Replicas, layer: int, replica: int) -> np.ndarray:
    """Spikes of a layer (padded) on the last test image, (n_steps, n) bool."""
    masks = np.ascontiguousarray(replicas.arrays[f"{layer}/neuron_mask"].get()[replica])
    bits = np.unpackbits(masks.view(np.uint8), axis=-1, bitorder="little")
    return bits[:, : replicas.template.model.n_steps].T.astype(bool)


def times(xp, sizes: Sizes, out: Path) -> str:
    """Time samples and kernels of the study's network by number of replicas, and one CPU core."""
    n = sizes.samples
    digits = load_dataset("mnist5k").first(n, n)
    rows, shares = [cpu_row(digits)], []
    for n_replicas in sizes.replicas:
        networks = [network_of("strsbp", seed) for seed in range(1, n_replicas + 1)]
        replicas = Replicas(networks, digits, xp)
        orders = np.tile(np.arange(n), (n_replicas, 1))
        for epoch in range(2):
            epoch_of_all = partial(replicas.train, orders, np.ones(orders.shape), epoch)
            training = measure(epoch_of_all, time.perf_counter) / n
        testing = measure(replicas.evaluate, time.perf_counter) / n
        free, total = xp.cuda.runtime.memGetInfo()
        rows.append(
            {
                **timed("gpu", n_replicas, training, testing),
                "megabytes_per_replica": bytes_per_replica(networks, n, n) / 1e6,
                "megabytes_in_use": (total - free) / 1e6,
            }
        )
        shares += kernel_rows(replicas)
        write_csv(pd.DataFrame(rows), out / "times.csv", digits=4)
        write_csv(pd.DataFrame(shares), out / "kernels.csv", digits=4)
        del replicas
    cpu, *gpu = rows
    best = min(row["training_ms_per_replica"] for row in gpu)
    return (
        f"training {cpu['training_ms']:.3g} ms per sample on one core, {gpu[0]['training_ms']:.3g} "
        f"ms on the GPU alone, {best:.3g} ms per replica at best"
    )


def cpu_row(digits: Digits) -> dict:
    """Time per sample of the CPU engine, on one core, on the samples that the GPU has."""
    network, n = network_of("strsbp", 1), len(digits.train_labels)
    samples = digits.train_images, np.arange(n), digits.train_labels, np.ones(n)
    for epoch in range(2):
        training = measure(partial(network.train_samples, *samples, epoch)) / n
        testing = measure(partial(network.predict_samples, digits.test_images, 0, n)) / n
    return timed("one core", 1, training, testing)


def timed(device: str, n_replicas: int, training: float, testing: float) -> dict:
    """A row of times in ms, from seconds per sample of all replicas."""
    row = {"device": device, "replicas": n_replicas}
    for what, seconds in (("training", training), ("testing", testing)):
        row[f"{what}_ms"] = 1e3 * seconds
        row[f"{what}_ms_per_replica"] = 1e3 * seconds / n_replicas
    return row


def kernel_rows(replicas: Replicas) -> list[dict]:
    """Time of each kernel in a training sample: the last one trained, launch by launch.

    Launches are timed as a recorded graph of `REPEATS`, so the host adds nothing.
    """
    launches = list(replicas._train_launches())
    ms, count = Counter(), Counter(launch.kernel for launch in launches)
    with replicas.stream:
        replicas.shared["position"].fill(0)
        replicas._train_sample()
        for launch in launches:
            replicas.shared["position"].fill(0)
            graph = replicas._recorded([launch] * REPEATS)
            replicas.shared["position"].fill(0)
            replicas.stream.synchronize()
            begin = time.perf_counter()
            graph()
            replicas.stream.synchronize()
            ms[launch.kernel] += 1e3 * (time.perf_counter() - begin) / REPEATS
    whole = sum(ms.values())
    return [
        {
            "replicas": replicas.n_replicas,
            "kernel": name,
            "launches": count[name],
            "ms": value,
            "share": value / whole,
        }
        for name, value in ms.most_common()
    ]


def workflow(xp, sizes: Sizes, out: Path) -> str:
    """Train an arm through the workflow on each device, to its end, and compare the metrics."""
    n_train, n_test, epochs = sizes.workflow
    table = STUDY.arm("strsbp").table_path(RESULTS)
    arm = {"n_train": n_train, "n_test": n_test, "epochs": epochs, "seeds": [1, 2, 3]}
    arm["table"] = {"file": str(table)}
    found = {}
    for device in ("cuda", "cpu"):
        with tempfile.TemporaryDirectory() as folder:
            overlay = Path(folder) / "gpu.yaml"
            overlay.write_text(
                yaml.safe_dump({"profile": "gpu", "device": device, "arms": {"strsbp": arm}})
            )
            runs = [f"results/gpu/train/strsbp/seed{seed}.csv" for seed in arm["seeds"]]
            command = [
                sys.executable, "-m", "snakemake", "--cores", "4", "--resources", "gpu=1",
                "--snakefile", ROOT / "workflow" / "Snakefile", "--directory", folder,
                "--configfile", overlay, "--", *runs,
            ]  # fmt: skip
            begin = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            seconds = time.perf_counter() - begin
            if done.returncode:
                raise AssertionError((done.stdout + done.stderr)[-4000:])
            paths = [Path(folder) / run for run in runs]
            found[device] = {
                "seconds": round(seconds, 1),
                "metrics": [path.read_text() for path in paths],
                "provenance": [json.loads(path.with_suffix(".json").read_text()) for path in paths],
            }
    equal = found["cuda"]["metrics"] == found["cpu"]["metrics"]
    used = {run["device"] for run in found["cuda"]["provenance"]}
    if used != {"cuda"}:
        raise AssertionError(f"the workflow used {used}")
    write_json({"metrics_equal": equal} | found, out / "workflow.json")
    return f"{found['cuda']['seconds']} s on the GPU, metrics {'equal' if equal else 'not equal'}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rehearsal", action="store_true", help="small sizes")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "gpu")
    options = parser.parse_args()
    sizes = REHEARSAL if options.rehearsal else Sizes()
    xp = array_module()
    out = options.out / re.sub(r"[^a-z0-9]+", "-", gpu_name(xp).lower()).strip("-")
    summary, failed = {}, 0
    for step in (machine, tests, equality, times, workflow):
        print(f"{step.__name__}: {step.__doc__.splitlines()[0]}", flush=True)
        begin = time.perf_counter()
        try:
            result, passed = step(xp, sizes, out), True
        except Exception as error:  # the other steps are still worth measuring
            traceback.print_exc()
            result, passed = f"{type(error).__name__}: {error}", False
        seconds = round(time.perf_counter() - begin, 1)
        failed += not passed
        summary[step.__name__] = {"passed": passed, "seconds": seconds, "result": result}
        write_json(summary, out / "summary.json")
        print(f"  {'passed' if passed else 'FAILED'} in {seconds} s: {result}", flush=True)
    print(f"Results: {out}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
