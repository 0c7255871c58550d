"""Our runs beside the logs that the authors published: the distance between them by epoch.

The logs (resources/published_logs.csv) give accuracies in per cent and the cost, one run each.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from strsbp.files import ResultsError, read_csv, write_csv
from strsbp.study.summary.intervals import mean_interval, prediction_spread
from strsbp.study.summary.training import Run, load_runs

EPOCHS = (1, 2, 10, 20)
"""Epochs at which the distance from a log is given, besides that of the best test error."""
QUANTITIES = ("test_error", "train_error", "cost")
COLUMNS = [
    "log", "setting", "at_epoch", "quantity", "logged", "mean", "low", "high", "difference",
    "difference_low", "difference_high", "n_seeds", "n_train",
]  # fmt: skip
"""`difference`: ours minus the log's, with the interval that one more run of ours would give: the
log is a single run, too. `best_test_error` is the smallest of the first `at_epoch`
epochs, in ours as in the log."""


def summarise_published_logs(
    metrics: Sequence[str | Path],
    compared: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    logs: str | Path,
    curves: str | Path,
    out: str | Path,
) -> None:
    """Write `out`, the distances from the logs, and `curves`, both curves at every epoch.

    `metrics`: of runs, whose provenance is beside them; `compared` names, for each log and each
    setting, the arms whose runs are pooled: they differ only in their number of epochs. A run
    counts up to its last epoch. Raises `ResultsError` for a log that is not in `logs`.
    """
    runs = load_runs(metrics)
    logged = _logged(logs)
    rows, curve_rows = [], []
    for log, settings in compared.items():
        if log not in logged.index:
            raise ResultsError(f"{logs} has no log '{log}'; use one that it has.")
        published = logged.loc[log]
        for setting, arms in settings.items():
            pooled = [run for run in runs if run.arm in arms]
            values = _by_epoch(pooled)
            n_train = min((run.provenance["data"]["n_train"] for run in pooled), default=0)
            known = dict(log=log, setting=setting, n_train=n_train)
            for epoch in published.index.intersection(values.index.unique("epoch")):
                for quantity in QUANTITIES:
                    row = known | dict(at_epoch=epoch, quantity=quantity)
                    row |= _compare(published.at[epoch, quantity], values.loc[epoch, quantity])
                    curve_rows.append(row)
                    if epoch in EPOCHS:
                        rows.append(row)
            rows += [known | row for row in _best(published["test_error"], values["test_error"])]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
    write_csv(pd.DataFrame(curve_rows, columns=COLUMNS), curves)


def _logged(path: str | Path) -> pd.DataFrame:
    """The logs by name and epoch, with errors as fractions."""
    frame = read_csv(path, ("log", "epoch", "test_accuracy", "train_accuracy", "cost"))
    for part in ("test", "train"):
        frame[f"{part}_error"] = 1 - frame[f"{part}_accuracy"] / 100
    return frame.set_index(["log", "epoch"])


def _by_epoch(runs: list[Run]) -> pd.DataFrame:
    """One row per epoch and run."""
    frames = [
        run.metrics[["epoch", *QUANTITIES]].assign(run=number) for number, run in enumerate(runs)
    ]
    found = pd.concat(frames) if frames else pd.DataFrame(columns=["epoch", "run", *QUANTITIES])
    return found.set_index(["epoch", "run"]).sort_index()


def _compare(logged: float, ours: pd.Series) -> dict:
    interval, n = mean_interval(ours), len(ours)
    difference = interval.mean - logged
    spread = prediction_spread(interval.high - interval.mean, n)
    ends = dict(difference_low=difference - spread, difference_high=difference + spread)
    known = dict(logged=logged, difference=difference, n_seeds=n)
    return known | interval._asdict() | ends


def _best(logged: pd.Series, ours: pd.Series) -> list[dict]:
    """Smallest test errors of the first N epochs, for each N at which any of our runs ends."""
    ours = ours.unstack("run")
    lengths = ours.apply(pd.Series.last_valid_index)
    return [
        dict(at_epoch=n, quantity="best_test_error")
        | _compare(logged.loc[:n].min(), ours.loc[:n, lengths >= n].min())
        for n in sorted(lengths.unique())
    ]
