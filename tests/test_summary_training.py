"""Training summaries: means, intervals and pairs; diverged runs are counted, not averaged."""

import json

import numpy as np
import pandas as pd
import pytest
from refusals import refusal
from scipy import stats
from synthetic_results import ARMS, write_runs

from strsbp.files import ResultsError
from strsbp.study.summary import summarise_training
from strsbp.study.summary.costs import core_time
from strsbp.study.summary.intervals import (
    holm,
    mean_interval,
    paired_difference,
    share_interval,
)

NAMES = ("curves", "seeds", "arms", "pairs", "runs")


def summarise(folder, metrics, provenance, **keywords):
    tables = {name: folder / f"{name}.csv" for name in NAMES}
    summarise_training(metrics, provenance, **tables, **keywords)
    return {name: pd.read_csv(path) for name, path in tables.items()}


def two_arms(**keywords):
    return dict(arms={name: ARMS[name] for name in ("strsbp", "hm2bp")}, diverged=(), **keywords)


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


def test_paired_difference_agrees_with_scipy():
    a, b = [0.08, 0.09, 0.085, 0.081], [0.09, 0.093, 0.094, 0.085]
    interval, p_value = paired_difference(a, b)
    expected = stats.ttest_rel(a, b)
    bounds = expected.confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((bounds.low, bounds.high))
    assert p_value == pytest.approx(expected.pvalue)


def test_exact_limits_of_a_share_by_hand():
    # None of n: (1 - p)^n = 0.05 at the upper limit. Of 1 in 2: 1 - (1 - p)^2 = 0.025.
    assert share_interval(0, 5) == pytest.approx((0, 0, 1 - 0.05**0.2))
    assert share_interval(5, 5) == pytest.approx((1, 0.05**0.2, 1))
    assert share_interval(1, 2) == pytest.approx((0.5, 1 - 0.975**0.5, 0.975**0.5))


def test_holm_by_hand():
    # Times 3, 2 and 1 from the smallest on, never below the one before, never above 1.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.4, 0.9, 0.5]) == pytest.approx([1, 1, 1])
    assert holm([0.02]) == pytest.approx([0.02]) and holm([]).size == 0


def test_the_epoch_may_be_chosen_on_validation_images(tmp_path):
    metrics, provenance = write_runs(tmp_path, seeds=(1, 2), **two_arms())
    for path in metrics[:2]:
        frame = pd.read_csv(path)
        frame["test_error"] = np.linspace(0.2, 0.01, 20)
        frame["validation_error"] = [0.3, 0.2, 0.1, *[0.2] * 11, 0.05, *[0.06] * 5]
        frame.to_csv(path, index=False)
    tables = summarise(tmp_path, metrics, provenance)
    arms = tables["arms"].query("quantity == 'validated_test_error'").set_index(["arm", "at_epoch"])
    errors = np.linspace(0.2, 0.01, 20)
    assert arms["mean"].to_dict() == pytest.approx(
        {("strsbp", 10): errors[2], ("strsbp", 20): errors[14]}
    )
    # The other arm has no validation images, so that the two are not compared there.
    assert "validated_test_error" not in set(tables["pairs"]["quantity"])


def test_best_and_last_at_checkpoints_and_end(tmp_path):
    metrics, provenance = write_runs(tmp_path, seeds=(1, 2), **two_arms())
    errors = np.linspace(0.5, 0.12, 20)
    errors[6] = 0.1  # best before the first checkpoint
    errors[14] = 0.05
    for path in metrics[:2]:
        set_errors(path, errors + (0.01 if "seed2" in path.name else 0))
    arms = summarise(tmp_path, metrics, provenance)["arms"].set_index(
        ["arm", "at_epoch", "quantity"]
    )["mean"]
    assert sorted(arms["strsbp"].index.unique("at_epoch")) == [10, 20]
    assert arms["strsbp", 10, "best_test_error"] == pytest.approx(0.105)
    assert arms["strsbp", 10, "last_test_error"] == pytest.approx(errors[9] + 0.005)
    assert arms["strsbp", 20, "best_test_error"] == pytest.approx(0.055)
    assert arms["strsbp", 20, "last_test_error"] == pytest.approx(0.125)


def test_a_diverged_run_is_counted_and_left_out(tmp_path):
    metrics, provenance = write_runs(tmp_path, seeds=(1, 2, 3), **two_arms())
    for path, level in zip(metrics[:3], (0.1, 0.2, 0.6), strict=True):
        set_errors(path, np.full(20, level))
    set_errors(metrics[2], np.full(12, 0.6), diverged="recurrent2")
    tables = summarise(tmp_path, metrics, provenance)
    arms = tables["arms"].set_index(["arm", "at_epoch", "quantity"])
    early, late = (arms.loc[("strsbp", epoch, "best_test_error")] for epoch in (10, 20))
    assert (early["mean"], early["n_seeds"], early["n_diverged"]) == (pytest.approx(0.3), 3, 0)
    assert (late["mean"], late["n_seeds"], late["n_diverged"]) == (pytest.approx(0.15), 2, 1)
    curve = tables["curves"].query("arm == 'strsbp' and quantity == 'test_error'")
    curve = curve.set_index("epoch")
    assert curve.loc[11, ["mean", "n_seeds", "n_diverged"]].tolist() == [pytest.approx(0.3), 3, 0]
    assert curve.loc[12, ["mean", "n_seeds", "n_diverged"]].tolist() == [pytest.approx(0.15), 2, 1]
    pairs = tables["pairs"].query("quantity == 'best_test_error'").set_index("at_epoch")
    assert pairs.loc[20, ["n_pairs", "n_diverged_a", "n_diverged_b"]].tolist() == [2, 1, 0]
    marked = tables["seeds"].query("arm == 'strsbp' and diverged == 1 and quantity == 'test_error'")
    assert marked[["seed", "epoch"]].values.tolist() == [[3, 12]]
    run = tables["runs"].query("arm == 'strsbp' and seed == 3").iloc[0]
    assert (run["last_epoch"], run["diverged"]) == (12, "recurrent2")


def test_all_runs_diverged_leaves_no_number(tmp_path):
    metrics, provenance = write_runs(tmp_path, arms={"tau_m_32": ARMS["tau_m_32"]})
    tables = summarise(tmp_path, metrics, provenance)
    row = tables["arms"].query("arm == 'tau_m_32'").iloc[0]
    assert np.isnan(row["mean"]) and (row["n_seeds"], row["n_diverged"]) == (0, 3)


def test_one_seed_has_no_interval(tmp_path):
    metrics, provenance = write_runs(tmp_path, seeds=(7,), **two_arms())
    tables = summarise(tmp_path, metrics, provenance)
    for name in ("curves", "arms", "pairs"):
        assert tables[name][["low", "high"]].isna().all(axis=None)
    assert tables["pairs"]["p_value"].isna().all()


def test_pairs_use_common_seeds_and_the_shorter_end(tmp_path):
    arms = {"strsbp": ARMS["strsbp"], "tau_m_50": ARMS["tau_m_50"]}
    metrics, provenance = write_runs(tmp_path, seeds=(1, 2, 3), arms=arms, diverged=())
    keep = [index for index in range(6) if "tau_m_50/seed1" not in str(metrics[index])]
    tables = summarise(tmp_path, [metrics[i] for i in keep], [provenance[i] for i in keep])
    pairs = tables["pairs"]
    assert set(pairs["at_epoch"]) == {10} and set(pairs["n_pairs"]) == {2}
    best = pairs.query("quantity == 'best_test_error'").iloc[0]
    expected = [
        pd.read_csv(tmp_path / f"train/strsbp/seed{seed}.csv")["test_error"].head(10).min()
        - pd.read_csv(tmp_path / f"train/tau_m_50/seed{seed}.csv")["test_error"].min()
        for seed in (2, 3)
    ]
    assert best["difference"] == pytest.approx(np.mean(expected))


def test_arms_of_other_sizes_are_not_paired(tmp_path):
    arms = {"strsbp": ARMS["strsbp"], "fig6_published": ARMS["fig6_published"]}
    metrics, provenance = write_runs(tmp_path, arms=arms, diverged=())
    assert summarise(tmp_path, metrics, provenance)["pairs"].empty


def cut_short(metrics, provenance):
    pd.read_csv(metrics[0]).head(5).to_csv(metrics[0], index=False)


def change_settings(metrics, provenance):
    known = json.loads(provenance[1].read_text())
    known["settings"]["learning_rate"] = 0.01
    provenance[1].write_text(json.dumps(known))


def repeat(metrics, provenance):
    metrics.append(metrics[0])
    provenance.append(provenance[0])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_short, "5 of 20 epochs and did not diverge"),
        (lambda metrics, provenance: provenance[1].unlink(), "is missing"),
        (lambda metrics, provenance: provenance[1].write_text("{"), "not valid JSON"),
        (change_settings, "other settings"),
        (repeat, "give each run once"),
    ],
)
def test_inconsistent_files_are_reported_in_one_sentence(damage, message, tmp_path):
    metrics, provenance = write_runs(tmp_path, seeds=(1, 2), **two_arms())
    damage(metrics, provenance)
    said = refusal(lambda: summarise(tmp_path, metrics, provenance), ResultsError)
    assert message in said
    assert not (tmp_path / "curves.csv").exists()


@pytest.mark.parametrize(
    ("column", "value"),
    [("test_error", "nan"), ("cost", "inf"), ("cost", "x"), ("spike_count_output3", "many")],
)
def test_metrics_that_are_not_numbers_are_not_averaged(tmp_path, column, value):
    """In a run that did not diverge, an invalid number must not pass unnoticed."""
    metrics, provenance = write_runs(tmp_path, seeds=(1,), **two_arms())
    frame = pd.read_csv(metrics[0], dtype=str)
    frame.loc[2, column] = value
    frame.to_csv(metrics[0], index=False)
    assert column in refusal(lambda: summarise(tmp_path, metrics, provenance), ResultsError)
    assert not (tmp_path / "curves.csv").exists()


def test_a_layer_that_is_silent_after_an_epoch_is_named(tmp_path):
    metrics, provenance = write_runs(tmp_path, **two_arms(seeds=(1,), shorten=5))
    frame = pd.read_csv(metrics[0])
    frame.loc[1:2, "silent_share_recurrent2"] = 1
    frame.to_csv(metrics[0], index=False)
    runs = summarise(tmp_path, metrics, provenance)["runs"].set_index("arm")
    assert runs.loc["strsbp", "silent"] == "recurrent2 in 2 of 4 epochs"
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
