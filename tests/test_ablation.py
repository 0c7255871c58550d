"""Readings of the ablation beside the published difference."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from strsbp.study.experiments.ablation.summarise import single_difference, summarise_ablation


def test_the_interval_holds_as_many_further_differences_as_it_says():
    random, inside, below = np.random.default_rng(1), 0, []
    for _ in range(2000):
        a, b = random.normal(0.08, 0.003, 6), random.normal(0.09, 0.003, 6)
        new = random.normal(0.08, 0.003) - random.normal(0.09, 0.003)
        _, (low, high), p = single_difference(a[:5], b[:5], new)
        inside += low <= new <= high
        below.append(p)
    assert inside / 2000 == pytest.approx(0.95, abs=0.015)
    assert stats.kstest(below, "uniform").pvalue > 0.001


def test_readings_are_compared_with_the_published_difference(tmp_path):
    spread = np.array([-0.003, -0.001, 0, 0.001, 0.003])
    rows = [
        dict(arm=arm, seed=seed, epoch=epoch, quantity="test_error", diverged=0,
             value=mean + spread[seed] + (0.01 if epoch == 1 else 0) - (0.05 if epoch == 4 else 0))
        for arm, mean in (("own", 0.08), ("near", 0.09), ("far", 0.12), ("single", 0.1))
        for seed in range(1 if arm == "single" else 5)
        for epoch in (1, 2, 3, 4)
    ]  # fmt: skip
    rows.append(dict(arm="near", seed=9, epoch=1, quantity="test_error", value=0.9, diverged=1))
    paths = {name: tmp_path / f"{name}.csv" for name in ("seeds", "arms", "out")}
    pd.DataFrame(rows).to_csv(paths["seeds"], index=False)
    names = ("own", "near", "far", "single")
    pd.DataFrame(dict(arm=names, title=names)).to_csv(paths["arms"], index=False)
    summarise_ablation(
        **paths, reference="own", readings=["near", "far", "single", "absent"], epochs=3,
        published=-0.0096,
    )  # fmt: skip
    found = pd.read_csv(paths["out"]).set_index("arm")
    assert list(found.index) == ["near", "far"]
    assert found.loc["near", "difference"] == pytest.approx(-0.01)
    assert found.loc["near", "n_reading"] == 5
    assert found.loc["near", "p"] > 0.5 and found.loc["far", "p"] < 0.01
    assert found.loc["far", "difference_low"] < -0.04 < found.loc["far", "difference_high"]
