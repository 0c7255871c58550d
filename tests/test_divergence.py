"""Divergence: by dynamics or by table?"""

import pandas as pd
import pytest

from strsbp.study.experiments.divergence.summarise import summarise_divergence

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
        (FINE, FINE, "no run failed"),
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


def test_arms_that_were_not_run_have_no_cause(tmp_path):
    row = explained(tmp_path, FINE, FINE, n_seeds=0)
    assert pd.isna(row["cause"])
