"""The regularisation sweep in one table: means over seeds, and arms paired by seed."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, read_csv, write_csv
from strsbp.settings import ArmSettings
from strsbp.study.experiments.regularisation.settings import Cell, RegularisationSettings
from strsbp.study.summary.intervals import mean_interval, paired_difference

COLUMNS = [
    "arm", "title", "n_train", "regularisation", "divide_by_threshold", "at_epoch", "quantity",
    "mean", "low", "high", "n_seeds", "n_diverged",
]  # fmt: skip
"""`quantity`: a column of the measurements; or `gradient_ratio_<layer>`: norm of the error's
gradient over that of the regulariser's; or a difference of test errors in the last epoch, paired by
seed: `behind_first_arm`, this arm's minus that of the first
arm in the same cell, and `behind_own`, the cell's minus that of its arm's own settings."""


def summarise_regularisation(
    cells: Sequence[str | Path],
    *,
    settings: dict,
    arms: Mapping[str, ArmSettings],
    out: str | Path,
) -> None:
    """Write `out` from the csv files of `measure_cell`, one per cell of `settings`, named by key.

    Intervals are 95 % t-intervals over seeds. A run that diverged is left out from that epoch on
    and counted in `n_diverged`. `arms`: the arms of `settings` by name. Raises `ResultsError` if a
    run is missing.
    """
    settings = RegularisationSettings.model_validate(settings)
    frames = {Path(path).stem: _read(path) for path in cells}
    rows = []
    for cell in settings.cells():
        if cell.key not in frames:
            raise ResultsError(
                f"There is no measurement of {cell.key}; run the rule that makes it."
            )
        rows += _mean_rows(cell, frames[cell.key], len(settings.seeds))
        compared = dict(
            behind_first_arm=cell.model_copy(update={"arm": settings.arms[0]}),
            behind_own=Cell.own(cell.arm, arms[cell.arm]),
        )
        for quantity, other in compared.items():
            if other != cell and other.key in frames:
                pair = _difference(frames[cell.key], frames[other.key], settings)
                rows.append(cell.model_dump() | dict(quantity=quantity) | pair)
    described = pd.DataFrame(
        [dict(arm=name, title=arm.title, n_train=arm.n_train) for name, arm in arms.items()]
    )
    write_csv(pd.DataFrame(rows).merge(described, on="arm")[COLUMNS], out)


def _read(path: str | Path) -> pd.DataFrame:
    frame = read_csv(path, ("seed", "epoch", "test_error", "diverged"))
    for column in [name for name in frame if name.startswith("error_gradient_")]:
        layer = column.removeprefix("error_gradient_")
        regulariser = frame[f"regulariser_gradient_{layer}"].replace(0, np.nan)
        frame[f"gradient_ratio_{layer}"] = frame[column] / regulariser
    return frame


def _mean_rows(cell: Cell, frame: pd.DataFrame, n_seeds: int) -> list[dict]:
    quantities = [one for one in frame if re.match("test_error|dead_share_|gradient_ratio_", one)]
    finite = frame[frame["diverged"].isna()]
    rows = []
    for epoch, group in finite.groupby("epoch"):
        known = dict(at_epoch=epoch, n_seeds=len(group), n_diverged=n_seeds - len(group))
        for quantity in quantities:
            interval = mean_interval(group[quantity].dropna())._asdict()
            rows.append(cell.model_dump() | known | dict(quantity=quantity) | interval)
    return rows


def _difference(cell: pd.DataFrame, other: pd.DataFrame, settings: RegularisationSettings) -> dict:
    errors = [
        frame[(frame["epoch"] == settings.epochs) & frame["diverged"].isna()]
        .set_index("seed")["test_error"]
        for frame in (cell, other)
    ]  # fmt: skip
    a, b = pd.concat(errors, axis=1, join="inner").to_numpy().T
    interval, _ = paired_difference(a, b)
    counts = dict(n_seeds=len(a), n_diverged=len(settings.seeds) - len(a))
    return dict(at_epoch=settings.epochs) | interval._asdict() | counts
