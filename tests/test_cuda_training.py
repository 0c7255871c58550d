"""Batches of seeds, from settings to files, with the stand-in for CuPy: equal to runs on a CPU."""

import importlib
import json

import numpy as np
import pytest
from small_networks import table
from test_training import HIDDEN, OVERFLOWS, digits_of_silent_label, small_digits, small_network

from strsbp.cuda import device
from strsbp.cuda.device import DeviceError
from strsbp.cuda.driver import Replicas, bytes_per_replica
from strsbp.cuda.run import run_batch
from strsbp.cuda.training import train_epochs
from strsbp.data import Digits
from strsbp.network import build_network
from strsbp.settings import ArmSettings
from strsbp.training.epochs import TrainingState, train
from strsbp.training.run import metrics_csv, run_arm

SEEDS = [5, 6, 7]
MODEL = dict(
    n_steps=50, threshold_hidden=2.0, threshold_output=1.0, regularisation=10, n_train=10, n_test=6
)


@pytest.fixture(autouse=True)
def cupy(stand_in, monkeypatch):
    """The stand-in under CuPy's name."""
    monkeypatch.setitem(importlib.sys.modules, "cupy", stand_in)
    device.obstacle.cache_clear()
    yield stand_in
    device.obstacle.cache_clear()


def digits():
    """The images of test_training, cut to the pixels that are used."""
    whole = small_digits(10, 6)
    return Digits(
        "mnist5k", np.ascontiguousarray(whole.train_images[:, :37]), whole.train_labels,
        np.ascontiguousarray(whole.test_images[:, :37]), whole.test_labels,
    )  # fmt: skip


def arm(**settings):
    return ArmSettings(**{"title": "small", "dataset": "mnist5k", "epochs": 3} | MODEL | settings)


def arguments(**settings):
    source = {"key": "none", "sha256": "none"}
    own = dict(name="small", profile="test", table_source=source, progress=False)
    return (arm(**settings), HIDDEN, table(), digits()), own


def on_gpu(folder, seeds=SEEDS, **settings):
    """Metrics by seed of a batch in `folder`."""
    positional, named = arguments(**settings)
    run_batch(
        *positional, seeds, metrics_path=lambda seed: folder / f"seed{seed}.csv",
        provenance_path=lambda seed: folder / f"seed{seed}.json",
        checkpoint_path=lambda seed: folder / f"seed{seed}.ckpt.npz", **named,
    )  # fmt: skip
    return {seed: (folder / f"seed{seed}.csv").read_bytes() for seed in seeds}


def on_cpu(folder, seeds=SEEDS, **settings):
    """Metrics by seed of runs on the CPU, one after the other."""
    positional, named = arguments(**settings)
    for seed in seeds:
        run_arm(
            *positional, seed, metrics_path=folder / f"seed{seed}.csv",
            provenance_path=folder / f"seed{seed}.json",
            checkpoint_path=folder / f"seed{seed}.ckpt.npz", **named,
        )  # fmt: skip
    return {seed: (folder / f"seed{seed}.csv").read_bytes() for seed in seeds}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        dict(
            shuffle="published",
            gradient="strsbp_normalised",
            error_gain=(0.5, 3.0, 2.0),
            divide_by_threshold=False,
            step_rule="logged",
            cost="repaired",
            n_train=7,
            n_validation=3,
        ),
    ],
)
def test_a_batch_writes_the_metrics_of_the_cpu(tmp_path, settings):
    expected = on_cpu(tmp_path / "cpu", **settings)
    assert on_gpu(tmp_path / "gpu", **settings) == expected
    assert len(set(expected.values())) == 3
    names = sorted(path.name for path in (tmp_path / "gpu").iterdir())
    assert names == sorted(f"seed{seed}.{suffix}" for seed in SEEDS for suffix in ("csv", "json"))


def stop_in_epoch(monkeypatch, number):
    """Let the `number`-th epoch of the next batch be interrupted at its end."""
    original, calls = Replicas.evaluate, []

    def evaluate(self, tick):
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        return original(self, tick)

    monkeypatch.setattr(Replicas, "evaluate", evaluate)


def test_a_stopped_batch_resumes_to_the_same_metrics(tmp_path, monkeypatch):
    expected = on_gpu(tmp_path / "whole")
    stopped = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        stop_in_epoch(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            on_gpu(stopped)
    assert sorted(path.name for path in stopped.iterdir()) == [
        f"seed{seed}.ckpt.npz" for seed in SEEDS
    ]
    # As if it had been stopped while the checkpoints of an epoch were written.
    (stopped / "seed6.ckpt.npz").unlink()
    assert on_gpu(stopped) == expected
    resumed = [json.loads((stopped / f"seed{s}.json").read_text())["resumed"] for s in SEEDS]
    assert resumed == [True, False, True]


@pytest.mark.parametrize(("spoil", "layer"), OVERFLOWS)
def test_a_number_that_overflows_ends_its_run_as_diverged(spoil, layer, cupy):
    def spoilt():
        networks = [small_network(seed, threshold_output=1.0) for seed in SEEDS]
        spoil(networks[1])
        return networks

    images = digits_of_silent_label()
    runs = [TrainingState.start(network, images) for network in spoilt()]
    train_epochs(runs, 3, cupy)
    assert [row["diverged"] for row in runs[1].rows] == [layer]
    for run, network in zip(runs, spoilt(), strict=True):
        assert metrics_csv(run.rows) == metrics_csv(train(network, images, 3))
        assert len(run.rows) == (1 if run is runs[1] else 3)
        for name, array in network.state().items():
            np.testing.assert_array_equal(run.network.state()[name], array, err_msg=name)


def test_more_seeds_than_fit_are_trained_in_parts(tmp_path, monkeypatch):
    expected = on_gpu(tmp_path / "whole")
    sizes = []
    original = Replicas.__init__

    def init(self, networks, *others):
        sizes.append(len(networks))
        original(self, networks, *others)

    (settings, layers, table, images), _ = arguments()
    networks = [build_network(settings, layers, table, seed, 37) for seed in SEEDS]
    each = bytes_per_replica(networks, 10, 6)
    shared = images.train_images.nbytes + images.test_images.nbytes + 8 * 18 * 19
    monkeypatch.setattr(Replicas, "__init__", init)
    # Three would fit into all of it, but not into the part that a batch may take.
    monkeypatch.setenv("STRSBP_TEST_GPU_MEMORY", str(int((2.95 * each + shared) / 0.9)))
    assert on_gpu(tmp_path / "parts") == expected
    assert sizes == [2, 1]


def test_too_little_memory_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("STRSBP_TEST_GPU_MEMORY", "1000")
    with pytest.raises(DeviceError, match=r"The GPU has 0 MB free but .*`device: cpu`\.$"):
        on_gpu(tmp_path)
    assert list(tmp_path.iterdir()) == []
