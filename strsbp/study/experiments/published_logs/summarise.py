"""Our runs beside the logs that the authors published: the distance between them by epoch.

The logs (resources/published_logs.csv) give accuracies in per cent and the cost, one run each.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from strsbp.files import ResultsError, read_csv, write_csv
from strsbp.study.summary.intervals import mean_interval
from strsbp.study.summary.training import Run, load_runs

EPOCHS = (1, 2, 10, 20)
"""Epochs at which the distance from a log is given, besides that of the best test accuracy."""
QUANTITIES = ("test_accuracy", "train_accuracy", "cost")
COLUMNS = [
    "log", "setting", "at_epoch", "quantity", "logged", "mean", "low", "high", "difference",
    "n_seeds",
]  # fmt: skip
"""`logged`, `mean`, `low`, `high`: accuracies in per cent, or the cost; `difference`: ours minus
the log's. `at_epoch` is an epoch, or `best N` for the best test accuracy of the first N epochs."""


def summarise_published_logs(
    metrics: Sequence[str | Path],
    provenance: Sequence[str | Path],
    compared: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    logs: str | Path,
    curves: str | Path,
    out: str | Path,
) -> None:
    """Write `out`, the distances from the logs, and `curves`, both curves at every epoch.

    `metrics[k]` and `provenance[k]` belong to the same run; `compared` names, for each log and each
    setting, the arms whose runs are pooled: they differ only in their number of epochs. A run
    counts up to its last epoch. Raises `ResultsError` for a log that is not in `logs`.
    """
    runs = load_runs(metrics, provenance)
    logged = read_csv(logs, ("log", "epoch", *QUANTITIES))
    rows, curve_rows = [], []
    for log, settings in compared.items():
        published = logged[logged["log"] == log].set_index("epoch")
        if published.empty:
            raise ResultsError(f"{logs} has no log '{log}'; use one that it has.")
        for setting, arms in settings.items():
            values = _by_epoch([run for run in runs if run.arm in arms])
            for epoch in published.index.intersection(values.index.unique("epoch")):
                for quantity in QUANTITIES:
                    row = dict(log=log, setting=setting, at_epoch=epoch, quantity=quantity)
                    row |= _compare(published.at[epoch, quantity], values.loc[epoch, quantity])
                    curve_rows.append(row)
                    if epoch in EPOCHS:
                        rows.append(row)
            rows += _best(log, setting, published, values)
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
    write_csv(pd.DataFrame(curve_rows, columns=COLUMNS), curves)


def _by_epoch(runs: list[Run]) -> pd.DataFrame:
    """One row per epoch and run, with the quantities in the logs' units."""
    frames = [
        pd.DataFrame(
            {
                "epoch": run.metrics["epoch"],
                "run": number,
                "test_accuracy": 100 * (1 - run.metrics["test_error"]),
                "train_accuracy": 100 * (1 - run.metrics["train_error"]),
                "cost": run.metrics["cost"],
            }
        )
        for number, run in enumerate(runs)
    ]
    columns = ["epoch", "run", *QUANTITIES]
    found = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    return found.set_index(["epoch", "run"]).sort_index()


def _compare(logged: float, ours: pd.Series) -> dict:
    interval = mean_interval(ours)
    return (
        dict(logged=logged)
        | interval._asdict()
        | dict(difference=interval.mean - logged, n_seeds=len(ours))
    )


def _best(log: str, setting: str, published: pd.DataFrame, values: pd.DataFrame) -> list[dict]:
    """Best test accuracies of the first N epochs, for each N at which any of our runs ends."""
    lengths = values.reset_index().groupby("run")["epoch"].max()
    rows = []
    for n in sorted(lengths.unique()):
        of_all = values["test_accuracy"].unstack("run").loc[:n, lengths[lengths >= n].index]
        logged = published.loc[:n, "test_accuracy"].max()
        row = dict(log=log, setting=setting, at_epoch=f"best {n}", quantity="test_accuracy")
        rows.append(row | _compare(logged, of_all.max()))
    return rows
