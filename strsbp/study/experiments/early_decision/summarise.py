"""Accuracy against cost over seeds: means with intervals per network, rule and quantity."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, numbers, read_csv, write_csv
from strsbp.study.experiments.early_decision.measure import COLUMNS

Z = 1.959963984540054
"""Quantile of the standard normal distribution for a 95 % interval."""

SHARES = ("error", "silent", "undecided")
"""Quantities that are shares of the test images."""

NETWORK = [
    "network", "n_steps", "threshold_hidden", "threshold_output", "table", "n_train", "n_test",
    "epochs",
]  # fmt: skip
RULE = ["stop", "value", "quantity"]
SUMMARY_COLUMNS = [
    *NETWORK, *RULE, "at_end", "mean", "low", "high", "smallest_seed", "largest_seed", "n_seeds",
    "n_diverged",
]  # fmt: skip


def wilson_interval(share, n):
    """Wilson's 95 % interval of a share observed in n images, or of an array of each."""
    centre = share + Z**2 / (2 * n)
    spread = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    return np.maximum(0.0, (centre - spread) / scale), np.minimum(1.0, (centre + spread) / scale)


def summarise_early_decision(seeds: Iterable[str | Path], *, out: str | Path) -> None:
    """Summarise the files `seeds` of `measure_early_decision` in `out` (csv).

    `mean` is the mean over seeds. Its 95 % interval reflects which test images were drawn, not
    the training seed: Wilson's for shares, 1.96 standard errors to both sides for the
    rest. All seeds decide on the same images, so more seeds do not narrow it: n is the number of
    test images, and the standard error is the mean over seeds. That is right if all seeds err on
    the same images; otherwise the interval is too wide. `smallest_seed` and `largest_seed`
    give the range over seeds. `at_end` is 1 for the decision after all T steps.
    """
    frame = pd.concat([_read(path) for path in seeds], ignore_index=True)
    # A network that diverged with one seed has fewer epochs than with another.
    frame["epochs"] = frame.groupby("network")["epochs"].transform("max")
    by_rule = frame.groupby([*NETWORK, *RULE], sort=False)
    rows = by_rule.agg(
        mean=("mean", "mean"), standard_error=("standard_error", "mean"),
        smallest_seed=("mean", "min"), largest_seed=("mean", "max"), n_seeds=("seed", "nunique"),
        n_diverged=("diverged", "sum"),
    ).reset_index()  # fmt: skip
    spread = Z * rows["standard_error"]
    rows = rows.assign(
        at_end=((rows["stop"] == "time") & (rows["value"] == rows["n_steps"])).astype(int),
        low=rows["mean"] - spread,
        high=rows["mean"] + spread,
    )
    shares = rows[rows["quantity"].isin(SHARES)]
    low, high = wilson_interval(shares["mean"], shares["n_test"])
    rows.loc[shares.index, "low"], rows.loc[shares.index, "high"] = low, high
    write_csv(rows[SUMMARY_COLUMNS], out)


def _read(path: str | Path) -> pd.DataFrame:
    frame = read_csv(path, COLUMNS)
    for column in ("mean", "standard_error"):
        frame[column] = numbers(frame, column, path)
    if frame.empty or frame["mean"].isna().any():
        raise ResultsError(f"{path} lacks a mean; make it again.")
    return frame
