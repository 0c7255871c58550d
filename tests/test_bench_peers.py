"""The comparison with peers: the evaluation of its measurements, without any peer."""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def peers(root, monkeypatch):
    """The benchmark script and its Octave part as modules."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import bench_peers
    from peers import octave_peer

    yield SimpleNamespace(bench=bench_peers, octave=octave_peer)
    for name in list(sys.modules):
        if name == "bench_peers" or name == "peers" or name.startswith("peers."):
            del sys.modules[name]


def test_deviation_accounts_for_the_noise_of_both_means(peers):
    # A standard error of 1 over 100 repeats is a standard deviation of 10.
    surface = SimpleNamespace(
        mean=np.zeros((2, 2)), standard_error=np.full((2, 2), 1.0), repeats=100
    )
    cells = peers.octave.parse_cells("1 1 0 0 0\n2 1 -4 0 0\n")
    expected = 4 / (10 * np.sqrt(1 / 300 + 1 / 100))
    assert peers.bench.largest_deviation(cells, 300, surface) == pytest.approx(expected)


def test_summary_takes_medians_and_ratios_within_each_run(peers):
    rows = []
    for run, (ours, other) in enumerate([(1.0, 20.0), (2.0, 20.0), (4.0, 120.0)]):
        for peer, batch, value in (("strsbp", 1, ours), ("snnTorch", 16, other)):
            rows.append(
                {
                    "peer": peer, "version": "1", "batch": batch, "stage": "training",
                    "n_samples": 4, "run": run, "cpu_ms": value, "wall_ms": 2 * value,
                }
            )  # fmt: skip
    summary = peers.bench.summarise(pd.DataFrame(rows)).set_index("peer")
    assert summary.loc["strsbp", "times_ours"] == 1
    assert summary.loc["snnTorch", "times_ours"] == 20  # ratios 20, 10 and 30
    assert summary.loc["snnTorch", "cpu_ms_per_sample"] == 20
    assert summary.loc["snnTorch", "cpu_ms_max"] == 120
    assert summary.loc["strsbp", "cpu_ms_per_sample"] == 2
    assert summary.loc["strsbp", "wall_ms_min"] == 2
    assert list(summary["runs"]) == [3, 3]


def test_a_peer_that_is_not_installed_is_skipped_with_a_reason(peers, monkeypatch):
    for module in ("snntorch", "spikingjelly", "norse"):
        monkeypatch.setitem(sys.modules, module, None)  # makes its import fail
    modules, skipped = peers.bench.load_peers()
    assert modules == {}
    assert [line.split()[0] for line in skipped] == list(peers.bench.PEERS)
    assert all("cannot be imported here" in line and "\n" not in line for line in skipped)
