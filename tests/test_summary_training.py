"""Training summaries: means, intervals and pairs; diverged runs are counted, not averaged."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from refusals import refusal

from strsbp.files import ResultsError
from strsbp.study.summary.costs import core_time
from strsbp.study.summary.intervals import holm, mean_interval, share_interval
from strsbp.study.summary.training import summarise_training

TRAIN = ROOT / "results" / "paper" / "train"
NAMES = ("curves", "seeds", "arms", "pairs", "runs")


def summarise(folder, metrics, **keywords):
    tables = {name: folder / f"{name}.csv" for name in NAMES}
    summarise_training(metrics, **tables, **keywords)
    return {name: pd.read_csv(path) for name, path in tables.items()}


def copied_runs(folder, seeds=(1, 2, 3)):
    """Copies of committed runs of two arms, of 20 epochs; returns metrics and provenance."""
    metrics, provenance = [], []
    for arm in ("strsbp", "hm2bp"):
        (folder / arm).mkdir()
        for seed in seeds:
            for suffix, paths in (("csv", metrics), ("json", provenance)):
                paths.append(folder / arm / f"seed{seed}.{suffix}")
                shutil.copy(TRAIN / arm / paths[-1].name, paths[-1])
    return metrics, provenance


def set_errors(path, errors, diverged=None):
    """Overwrite the test errors of a metrics file, and end it at the last of them."""
    frame = pd.read_csv(path).head(len(errors))
    frame["test_error"] = errors
    frame["diverged"] = frame["diverged"].astype(object)
    if diverged:
        frame.loc[frame.index[-1], "diverged"] = diverged
    frame.to_csv(path, index=False)


def test_interval_by_hand():
    # n = 4, mean 5, s = sqrt(20/3), t(0.975, 3) = 3.182446
    interval = mean_interval([2, 4, 6, 8])
    half = 3.182446 * np.sqrt(20 / 3) / 2
    assert interval.mean == 5
    assert (interval.low, interval.high) == pytest.approx((5 - half, 5 + half), rel=1e-6)


@pytest.mark.parametrize("values", [[], [3.0], [2.0, 2.0, 2.0], [0.9 - 0.75, 0.8 - 0.65]])
def test_no_interval_where_none_can_be_estimated(values):
    interval = mean_interval(values)
    assert np.isnan([interval.low, interval.high]).all()
    assert np.isnan(interval.mean) == (not values)


def test_exact_limits_of_a_share_by_hand():
    # None of n: (1 - p)^n = 0.05 at the upper limit. Of 1 in 2: 1 - (1 - p)^2 = 0.025.
    assert share_interval(0, 5) == pytest.approx((0, 0, 1 - 0.05**0.2))
    assert share_interval(5, 5) == pytest.approx((1, 0.05**0.2, 1))
    assert share_interval(1, 2) == pytest.approx((0.5, 1 - 0.975**0.5, 0.975**0.5))


def test_titles_may_be_newer_than_runs(tmp_path):
    metrics, _ = copied_runs(tmp_path, seeds=(1,))
    arms = summarise(tmp_path, metrics, titles=dict(hm2bp="renamed"))["arms"]
    assert dict(zip(arms["arm"], arms["title"], strict=True)) == dict(
        strsbp="ST-RSBP", hm2bp="renamed"
    )


def test_holm_by_hand():
    # Times 3, 2 and 1 from the smallest on, never below the one before, never above 1.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.4, 0.9, 0.5]) == pytest.approx([1, 1, 1])
    assert holm([0.02]) == pytest.approx([0.02]) and holm([]).size == 0


def test_a_diverged_run_is_counted_and_left_out(tmp_path):
    metrics, _ = copied_runs(tmp_path)
    for path, level in zip(metrics[:3], (0.1, 0.2, 0.6), strict=True):
        set_errors(path, np.full(20, level))
    set_errors(metrics[2], np.full(12, 0.6), diverged="recurrent2")
    set_errors(metrics[3], np.full(10, 0.2), diverged="output3")
    tables = summarise(tmp_path, metrics)
    arms = tables["arms"].set_index(["arm", "at_epoch", "quantity"])
    early, late = (arms.loc[("strsbp", epoch, "best_test_error")] for epoch in (10, 20))
    assert (early["mean"], early["n_seeds"], early["n_diverged"]) == (pytest.approx(0.3), 3, 0)
    assert (late["mean"], late["n_seeds"], late["n_diverged"]) == (pytest.approx(0.15), 2, 1)
    curve = tables["curves"].query("arm == 'strsbp' and quantity == 'test_error'")
    curve = curve.set_index("epoch")
    assert curve.loc[11, ["mean", "n_seeds", "n_diverged"]].tolist() == [pytest.approx(0.3), 3, 0]
    assert curve.loc[12, ["mean", "n_seeds", "n_diverged"]].tolist() == [pytest.approx(0.15), 2, 1]
    pairs = tables["pairs"].query("quantity == 'best_test_error'").set_index("at_epoch")
    assert pairs.loc[10, ["n_pairs", "n_diverged_a", "n_diverged_b"]].tolist() == [2, 0, 1]
    assert pairs.loc[20, ["n_pairs", "n_diverged_a", "n_diverged_b"]].tolist() == [1, 1, 1]
    marked = tables["seeds"].query("arm == 'strsbp' and diverged == 1 and quantity == 'test_error'")
    assert marked[["seed", "epoch"]].values.tolist() == [[3, 12]]
    run = tables["runs"].query("arm == 'strsbp' and seed == 3").iloc[0]
    assert (run["last_epoch"], run["diverged"]) == (12, "recurrent2")


def cut_short(metrics, provenance):
    pd.read_csv(metrics[0]).head(5).to_csv(metrics[0], index=False)


def change_settings(metrics, provenance):
    known = json.loads(provenance[1].read_text())
    known["settings"]["learning_rate"] = 0.01
    provenance[1].write_text(json.dumps(known))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_short, "5 of 20 epochs and did not diverge"),
        (lambda metrics, provenance: provenance[1].unlink(), "is missing"),
        (lambda metrics, provenance: provenance[1].write_text("{"), "not a readable JSON file"),
        (change_settings, "other settings"),
    ],
)
def test_inconsistent_files_are_reported_in_one_sentence(damage, message, tmp_path):
    metrics, provenance = copied_runs(tmp_path, seeds=(1, 2))
    damage(metrics, provenance)
    said = refusal(lambda: summarise(tmp_path, metrics), ResultsError)
    assert message in said
    assert not (tmp_path / "curves.csv").exists()


def test_a_setting_that_is_newer_than_a_run_had_its_default(tmp_path):
    metrics, provenance = copied_runs(tmp_path, seeds=(1, 2))
    known = json.loads(provenance[1].read_text())
    assert known["settings"].pop("step_rule") == "published"
    provenance[1].write_text(json.dumps(known))
    assert len(summarise(tmp_path, metrics)["runs"]) == len(metrics)


def test_a_layer_that_is_silent_after_an_epoch_is_named(tmp_path):
    metrics, _ = copied_runs(tmp_path, seeds=(1,))
    frame = pd.read_csv(metrics[0])
    frame.loc[1:2, "silent_share_recurrent2"] = 1
    frame.to_csv(metrics[0], index=False)
    runs = summarise(tmp_path, metrics)["runs"].set_index("arm")
    assert runs.loc["strsbp", "silent"] == "recurrent2 in 2 of 20 epochs"
    assert pd.isna(runs.loc["hm2bp", "silent"])


def test_core_time_counts_runs_once_and_every_other_job(tmp_path):
    header = "s\th:m:s\tmax_rss\tcpu_time\n"
    for path, seconds in (("sweep/measure/a", 3), ("sweep/simulate", 4), ("train/arm/seed1", 99),
                          ("bptt/train/seed1", 99), ("bptt/measure", 5)):  # fmt: skip
        file = tmp_path / "benchmarks" / f"{path}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{header}9\t0:00:09\t1\t{seconds}\n")
    for path, seconds in (
        ("train/arm/seed1", 40),
        ("train/arm/seed2", 60),
        ("bptt/train/seed1", 7),
    ):
        file = tmp_path / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"seconds": seconds}))
    found = core_time(tmp_path).set_index("kind")
    assert found["seconds"].to_dict() == {
        "training": 100, "sweep": 7, "BPTT, training": 7, "bptt": 5
    }  # fmt: skip
    assert found["jobs"].to_dict() == {"training": 2, "sweep": 2, "BPTT, training": 1, "bptt": 1}
    assert core_time(tmp_path / "empty").empty
