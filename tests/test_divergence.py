"""Divergence by dynamics or by table, and the extrapolation of curves."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from strsbp.study.experiments.divergence.summarise import summarise_divergence
from strsbp.study.summary.extrapolation import extrapolate_errors, fit_saturating, saturating

FINE, FAILED, BROKEN = (0.1, None), (0.9, None), (0.9, "recurrent2")


def explained(tmp_path, own, other, *, same=FINE, n_seeds=3, difference=(0.01, 0.002, 0.018)):
    """The row for one tau_m whose runs end with the errors `own` and `other`."""
    runs = [
        dict(arm=arm, title=f"tau_m = {arm}", seed=seed, diverged=layer, last_test_error=error)
        for arm, (error, layer) in (("a", own), ("b", other), ("same", same))
        for seed in range(n_seeds)
    ]
    pairs = [
        dict(arm_a="b", arm_b="a", at_epoch=10, quantity="last_test_error", n_pairs=n_seeds,
             difference=-difference[0], low=-difference[2], high=-difference[1], p_value=0.02,
             n_diverged_a=0, n_diverged_b=0)
    ]  # fmt: skip
    paths = {name: tmp_path / f"{name}.csv" for name in ("runs", "pairs", "out")}
    columns = ["arm", "title", "seed", "diverged", "last_test_error"]
    pd.DataFrame(runs, columns=columns).to_csv(paths["runs"], index=False)
    pd.DataFrame(pairs).to_csv(paths["pairs"], index=False)
    panels = {"own": ["a", "same"], "other": ["b", "same"]}
    summarise_divergence(**paths, panels=panels, at_epoch=10)
    frame = pd.read_csv(paths["out"])
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.mark.parametrize(
    ("own", "other", "cause"),
    [
        (FAILED, BROKEN, "dynamics"),
        (BROKEN, FINE, "table"),
        (FINE, FAILED, "other table"),
        (FINE, FINE, "none"),
    ],
)
def test_the_cause_follows_from_which_runs_fail(tmp_path, own, other, cause):
    row = explained(tmp_path, own, other)
    assert row["cause"] == cause
    assert row["failed_own"] == (0 if own is FINE else 3)


def test_the_paired_difference_has_its_sign_and_its_p(tmp_path):
    row = explained(tmp_path, FINE, FINE)
    columns = ["difference", "low", "high", "p_value", "p_adjusted"]
    assert list(row[columns]) == [0.01, 0.002, 0.018, 0.02, 0.02]


def test_runs_too_small_to_tell_are_reported(tmp_path):
    row = explained(tmp_path, FAILED, FAILED, same=FAILED)
    assert pd.isna(row["cause"])


def test_arms_that_were_not_run_have_no_cause(tmp_path):
    row = explained(tmp_path, FINE, FINE, n_seeds=0)
    assert pd.isna(row["cause"])


def test_a_known_curve_is_recovered():
    epochs = np.arange(1, 21)
    truth = 0.03, 0.05, 0.7
    fit = fit_saturating(epochs, saturating(epochs, *truth))
    value, low, high = fit["quantities"]["floor"]
    assert value == pytest.approx(0.03, abs=1e-5) and low <= value <= high
    assert fit["quantities"]["after_200"][0] == pytest.approx(saturating(200, *truth), abs=1e-5)
    assert fit["residual"] < 1e-6


def test_noise_widens_the_interval_and_it_holds_the_truth():
    epochs, inside = np.arange(1, 21), 0
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 0.0008, 20)
        fit = fit_saturating(epochs, saturating(epochs, 0.03, 0.05, 0.7) + noise)
        _, low, high = fit["quantities"]["after_200"]
        inside += low <= saturating(200, 0.03, 0.05, 0.7) <= high
    assert inside >= 15


def test_the_interval_is_that_of_a_linear_fit():
    # From curve_fit's own covariance, with Student's t for n - 3 degrees of freedom.
    epochs = np.arange(1, 13.0)
    errors = saturating(epochs, 0.03, 0.05, 0.7)
    errors += np.random.default_rng(0).normal(0, 1e-3, epochs.size)
    start = [0.02, 0.05, 0.5]
    found, covariance = optimize.curve_fit(saturating, epochs, errors, p0=start)
    t = stats.t.ppf(0.975, epochs.size - 3)
    value, low, high = fit_saturating(epochs, errors)["quantities"]["floor"]
    assert value == pytest.approx(found[0], rel=1e-3)
    assert high - value == pytest.approx(t * np.sqrt(covariance[0, 0]), rel=0.01)
    # After 200 epochs: the slopes from finite differences.
    value, low, high = fit_saturating(epochs, errors)["quantities"]["after_200"]
    slopes = [
        (saturating(200, *(found + step)) - saturating(200, *(found - step))) / (2 * 1e-6)
        for step in 1e-6 * np.eye(3)
    ]
    spread = t * np.sqrt(slopes @ covariance @ slopes)
    assert high - value == pytest.approx(spread, rel=0.01)


def test_too_few_epochs_are_not_extrapolated():
    assert fit_saturating([1, 2], [0.2, 0.1]) is None


@pytest.mark.parametrize("n_train", [60_000, 10_000])
def test_arms_with_all_images_are_extrapolated(tmp_path, n_train):
    epochs = np.arange(1, 13)
    curve = dict(arm="a", title="all", epoch=epochs, quantity="test_error",
                 mean=saturating(epochs, 0.03, 0.05, 0.7))  # fmt: skip
    pd.DataFrame(curve).to_csv(tmp_path / "curves.csv", index=False)
    arms = [dict(arm="a", n_train=n_train, epochs=12)]
    pd.DataFrame(arms).to_csv(tmp_path / "arms.csv", index=False)
    extrapolate_errors(
        curves=tmp_path / "curves.csv", arms=tmp_path / "arms.csv", out=tmp_path / "fits.csv"
    )
    frame = pd.read_csv(tmp_path / "fits.csv")
    assert list(frame["quantity"]) == (["floor", "after_200"] if n_train == 60_000 else [])
