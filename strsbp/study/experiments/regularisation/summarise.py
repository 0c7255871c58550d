"""The regularisation sweep in one table: means over seeds, and arms paired by seed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.settings import ArmSettings
from strsbp.study.experiments.regularisation.settings import RegularisationSettings, cell_key
from strsbp.study.summary.intervals import mean_interval, paired_difference

COLUMNS = [
    "arm", "title", "n_train", "regularisation", "divide_by_threshold", "at_epoch", "quantity",
    "mean", "low", "high", "p_value", "n_seeds", "n_diverged",
]  # fmt: skip
"""`quantity`: a column of the measurements; or `gradient_ratio_<layer>`: norm of the error's
gradient over that of the regulariser's; or a difference of test errors in the last epoch, paired by
seed: the cell's minus that of the first arm in the same cell (`behind_first_arm`), of its arm's own
settings (`behind_own`), of those without the division (`behind_undivided`), or of the same cell
without regularisation (`behind_unregularised`)."""


def summarise_regularisation(
    cells: Sequence[str | Path], *, settings: dict, arms: Mapping[str, ArmSettings], out: str | Path
) -> None:
    """Write `out` from the csv files of `measure_cell`, one per cell of `settings`, named by key.

    Intervals are 95 % t-intervals over seeds. A run that diverged is left out from that epoch on
    and counted in `n_diverged`. `arms`: the arms of `settings` by name.
    """
    settings = RegularisationSettings.model_validate(settings)
    frames = {Path(path).stem: _read(path) for path in cells}
    rows = []
    for key, cell in settings.cells(arms).items():
        name = key.partition("-")[0]
        described = dict(arm=name) | cell.model_dump(include=set(COLUMNS))
        rows += [described | row for row in _mean_rows(frames[key], len(settings.seeds))]
        own = arms[name]
        compared = dict(
            behind_first_arm=cell_key(settings.arms[0], cell),
            behind_own=cell_key(name, own),
            behind_undivided=cell_key(name, _with(own, divide_by_threshold=False)),
            behind_unregularised=cell_key(name, _with(cell, regularisation=0)),
        )
        for quantity, other in compared.items():
            if other != key and other in frames:
                pair = _difference(frames[key], frames[other], settings)
                rows.append(described | dict(quantity=quantity) | pair)
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _with(arm: ArmSettings, **changes) -> ArmSettings:
    return arm.model_copy(update=changes)


def _read(path: str | Path) -> pd.DataFrame:
    frame = read_csv(path, ("seed", "epoch", "test_error", "diverged"))
    for column in frame.filter(like="error_gradient_"):
        layer = column.removeprefix("error_gradient_")
        regulariser = frame[f"regulariser_gradient_{layer}"].replace(0, np.nan)
        frame[f"gradient_ratio_{layer}"] = frame[column] / regulariser
    return frame


def _mean_rows(frame: pd.DataFrame, n_seeds: int) -> Iterator[dict]:
    quantities = frame.filter(regex="^(test_error|(dead|small)_share_|gradient_ratio_)").columns
    for epoch, group in frame[frame["diverged"].isna()].groupby("epoch"):
        known = dict(at_epoch=epoch, n_seeds=len(group), n_diverged=n_seeds - len(group))
        for quantity in quantities:
            interval = mean_interval(group[quantity].dropna())._asdict()
            yield known | dict(quantity=quantity) | interval


def _difference(cell: pd.DataFrame, other: pd.DataFrame, settings: RegularisationSettings) -> dict:
    errors = [
        frame[(frame["epoch"] == settings.epochs) & frame["diverged"].isna()]
        .set_index("seed")["test_error"]
        for frame in (cell, other)
    ]  # fmt: skip
    a, b = pd.concat(errors, axis=1, join="inner").to_numpy().T
    interval, p_value = paired_difference(a, b)
    counts = dict(p_value=p_value, n_seeds=len(a), n_diverged=len(settings.seeds) - len(a))
    return dict(at_epoch=settings.epochs) | interval._asdict() | counts
