"""Gradients and denominators of several networks: means with intervals over networks."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.experiments.gradients.measure import DENOMINATOR_COLUMNS, GRADIENT_COLUMNS
from strsbp.study.summary.intervals import mean_interval


def summarise_gradients(
    measured_gradients: Sequence[str | Path],
    measured_denominators: Sequence[str | Path],
    *,
    gradients: str | Path,
    denominators: str | Path,
) -> None:
    """Write `gradients` and `denominators` from the tables of `measure_gradients`, one per seed.

    `mean`, `low` and `high` are over the networks; `n_samples` counts the samples of all.
    """
    _summarise(measured_gradients, GRADIENT_COLUMNS, gradients)
    _summarise(measured_denominators, DENOMINATOR_COLUMNS, denominators)


def _summarise(measured: Sequence[str | Path], columns: list[str], out: str | Path) -> None:
    frame = pd.concat([read_csv(path, columns) for path in measured])
    keys = columns[:-2]  # all but the value and the number of samples
    rows = []
    for key, group in frame.groupby(keys, sort=False):
        found = mean_interval(group["value"])._asdict()
        sizes = dict(n_samples=group["n_samples"].sum(), n_seeds=len(group))
        rows.append(dict(zip(keys, key, strict=True)) | found | sizes)
    columns = [*keys, "mean", "low", "high", "n_samples", "n_seeds"]
    write_csv(pd.DataFrame(rows, columns=columns), out)
