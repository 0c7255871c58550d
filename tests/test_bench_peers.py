"""The comparison with peers: the evaluation of its measurements, without any peer."""

import sys

import pandas as pd
import pytest


@pytest.fixture
def peers(root, monkeypatch):
    """The benchmark script as a module."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import bench_peers

    return bench_peers


def test_summary_takes_medians_and_ratios_within_each_run(peers):
    rows = []
    for run, (ours, other) in enumerate([(1.0, 20.0), (2.0, 20.0), (4.0, 120.0)]):
        for peer, batch, value in (("strsbp", 1, ours), ("snnTorch", 16, other)):
            rows.append(
                {
                    "peer": peer, "version": "1", "batch": batch, "stage": "training",
                    "n_samples": 4, "run": run, "ms": value,
                }
            )  # fmt: skip
    summary = peers.summarise(pd.DataFrame(rows)).set_index("peer")
    assert summary.loc["strsbp", "times_ours"] == 1
    assert summary.loc["snnTorch", "times_ours"] == 20  # ratios 20, 10 and 30
    assert summary.loc["snnTorch", ["ms", "ms_low", "ms_high"]].tolist() == [20, 20, 120]
    assert summary.loc["strsbp", ["ms", "ms_low", "ms_high"]].tolist() == [2, 1, 4]
    assert list(summary["runs"]) == [3, 3]


def test_a_peer_that_is_not_installed_is_skipped_with_a_reason(peers, monkeypatch):
    for module in ("snntorch", "spikingjelly", "norse"):
        monkeypatch.setitem(sys.modules, module, None)  # makes its import fail
    modules, skipped = peers.load_peers()
    assert modules == {}
    assert [line.split()[0] for line in skipped] == list(peers.PEERS)
    assert all("cannot be imported here" in line and "\n" not in line for line in skipped)


class _Counter:
    """A network that notes what it is asked for."""

    name, version, batch, n_samples = "strsbp", "1", 2, 4

    def __init__(self):
        self.calls = []

    def restart(self):
        self.calls.append("restart")

    def train(self, indices):
        self.calls.append(("train", len(indices)))

    def predict(self, indices):
        self.calls.append(("predict", len(indices)))


def test_each_run_times_training_and_inference_after_a_warm_up(peers):
    network = _Counter()
    frame = peers.time_networks([network], runs=2)
    once = ["restart", ("train", 4), "restart", ("predict", 4)]
    assert network.calls == ["restart", ("train", 2), "restart", ("predict", 2), *once, *once]
    assert list(frame["stage"]) == ["training", "inference"] * 2
    assert list(frame["run"]) == [0, 0, 1, 1] and set(frame["n_samples"]) == {4}
