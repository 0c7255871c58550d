"""Accuracy against cost: means over seeds, with intervals, per network, rule and quantity."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from strsbp.files import ResultsError, numbers, read_csv, write_csv
from strsbp.study.experiments.early_decision.measure import COLUMNS
from strsbp.study.summary.intervals import mean_interval

NETWORK = [
    "network", "n_steps", "threshold_hidden", "threshold_output", "table", "n_train", "n_test",
    "epochs",
]  # fmt: skip
RULE = ["stop", "value", "quantity"]
SUMMARY_COLUMNS = [*NETWORK, *RULE, "at_end", "mean", "low", "high", "n_seeds", "n_diverged"]


def summarise_early_decision(seeds: Iterable[str | Path], *, out: str | Path) -> None:
    """Summarise the files `seeds` of `measure_early_decision` in `out` (csv).

    `mean`, `low` and `high`: over seeds, with the 95 % t-interval. `at_end` is 1 for the decision
    after all T steps.
    """
    frame = pd.concat([_read(path) for path in seeds], ignore_index=True)
    # A network that diverged with one seed has fewer epochs than with another.
    frame["epochs"] = frame.groupby("network")["epochs"].transform("max")
    rows = []
    for key, group in frame.groupby([*NETWORK, *RULE], sort=False):
        row = dict(zip((*NETWORK, *RULE), key, strict=True))
        at_end = row["stop"] == "time" and row["value"] == row["n_steps"]
        counts = dict(n_seeds=group["seed"].nunique(), n_diverged=group["diverged"].sum())
        rows.append(
            row | dict(at_end=int(at_end)) | mean_interval(group["mean"])._asdict() | counts
        )
    write_csv(pd.DataFrame(rows, columns=SUMMARY_COLUMNS), out)


def _read(path: str | Path) -> pd.DataFrame:
    frame = read_csv(path, COLUMNS)
    frame["mean"] = numbers(frame, "mean", path)
    if frame.empty or frame["mean"].isna().any():
        raise ResultsError(f"{path} lacks a mean; make it again.")
    return frame
