"""Which reading of the ablation explains the difference of test errors that the study measured?

The study compares one run of ST-RSBP with one of the ablation, whose seeds are unknown (finding
F7). So its difference is one draw from the distribution of differences between single, unpaired
runs, which our runs estimate.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv

COLUMNS = [
    "arm", "title", "difference", "difference_low", "difference_high", "p", "n_reference",
    "n_reading", "at_epoch",
]  # fmt: skip


def summarise_ablation(
    *,
    seeds: str | Path,
    arms: str | Path,
    reference: str,
    readings: Sequence[str],
    epochs: int,
    published: float,
    out: str | Path,
) -> None:
    """Write one row per reading, if its runs and those of `reference` differ between seeds.

    `difference`: the mean of the best test errors of `reference` up to `epochs` minus that of the
    reading, with the 95 % interval of the difference between one further run of each (Student's t
    with Welch's degrees of freedom, runs not paired); `p`: the probability that such a difference
    lies at least as far from the mean as the `published` one.
    """
    runs = read_csv(seeds, ("arm", "seed", "epoch", "quantity", "value", "diverged"))
    runs = runs[(runs["quantity"] == "test_error") & (runs["epoch"] <= epochs)]
    kept = runs.groupby(["arm", "seed"]).filter(lambda run: not run["diverged"].any())
    best = kept.groupby(["arm", "seed"])["value"].min()
    titles = read_csv(arms, ("arm", "title")).drop_duplicates("arm").set_index("arm")["title"]
    trained = set(best.index.get_level_values("arm"))
    rows = []
    for reading in readings:
        a, b = (best.loc[arm].to_numpy() if arm in trained else [] for arm in (reference, reading))
        if min(len(a), len(b)) < 2 or min(np.ptp(a), np.ptp(b)) == 0:
            continue
        mean, (low, high), p = single_difference(a, b, published)
        rows.append(
            dict(
                arm=reading, title=titles[reading], difference=mean, difference_low=low,
                difference_high=high, p=p, n_reference=len(a), n_reading=len(b), at_epoch=epochs,
            )
        )  # fmt: skip
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def single_difference(a, b, observed: float) -> tuple[float, tuple[float, float], float]:
    """The difference of one further run of each, from the runs `a` (n,) and `b` (m,).

    Returns its mean, its 95 % interval, and the two-sided p of the difference `observed`.
    """
    from scipy import stats  # here, because importing it is slow

    mean = float(np.mean(a) - np.mean(b))
    # The mean of runs that are stretched about it like this is as uncertain as one further run.
    a, b = ((runs - np.mean(runs)) * np.sqrt(len(runs) + 1) for runs in (a, b))
    test = stats.ttest_ind(a + mean - observed, b, equal_var=False)
    low, high = test.confidence_interval()
    return mean, (float(low) + observed, float(high) + observed), float(test.pvalue)
