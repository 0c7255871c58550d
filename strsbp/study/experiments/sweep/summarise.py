"""The grids of time constants and thresholds in one table: errors, ranks and failed runs.

A run *diverged* if a weight stopped being finite; it *failed* if it diverged or if its last test
error is above one half. The test error of a diverged run enters no mean.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.settings import ArmSettings
from strsbp.study.claims.rules import FAILED_ABOVE
from strsbp.study.experiments.sweep.settings import CONSTANTS, GRIDS, SweepSettings, cell_key
from strsbp.study.summary.intervals import mean_interval, paired_difference

QUANTITIES = (
    "test_error", "silent_share", "silent_share_last_hidden", "smallest_denominator", "spike_count",
    "drive",
)  # fmt: skip
COLUMNS = [
    "arm", "grid", "of", "cell", *CONSTANTS, "own", "rank", "quantity", "mean", "low", "high",
    "p_value", "n_seeds", "n_runs", "n_diverged", "n_failed", "n_train", "epochs",
]  # fmt: skip


def summarise_sweep(
    cells: Sequence[str | Path], *, settings: dict, arms: Mapping[str, ArmSettings], out: str | Path
) -> None:
    """Summarise the files of `measure_cell`, <arm>/measure/<cell>.csv, in `out` (csv).

    Rows with `of` = `cell`: for every cell of a `grid`, mean and 95 % interval over seeds of the
    `QUANTITIES` after the last epoch: test error; share of silent neurons, among all and in the
    last hidden layer; smallest |s_i| of all epochs; spikes per hidden neuron and test image;
    drive = tau_m / threshold_hidden, the steady-state membrane potential for an input of 1 per
    step, over the threshold.
    `rank` counts from the smallest mean test error. `behind_chosen`, only for the arm's own cell
    (`own` = 1), is its test error minus that of the cell that is best for the other seeds, so that
    no error is compared with one that was chosen for being small; `p_value`: of the paired t-test.

    `of` = `failed runs`, `trained runs`: mean (with its 95 % interval over runs), smallest and
    largest value over the runs of both grids, and the number of runs (`runs`).
    """
    settings = SweepSettings.model_validate(settings)
    paths = {(path.parts[-3], path.stem): path for path in map(Path, cells)}
    rows = []
    for name, arm in arms.items():
        runs = pd.concat(
            _runs(key, cell, paths[name, key]) for key, cell in settings.cells(arm).items()
        )
        found = [
            row
            for grid in GRIDS
            for row in _grid_rows(grid, settings.grid(arm, grid), runs, cell_key(arm))
        ]
        rows += [dict(arm=name) | row for row in found + _outcome_rows(runs)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_csv(frame.assign(n_train=settings.n_train, epochs=settings.epochs), out)


def _runs(key: str, cell: ArmSettings, path: Path) -> pd.DataFrame:
    """One row per seed: the quantities at the end of each run of a cell."""
    frame = read_csv(path, ("seed", "test_error", "diverged"))
    last = frame.groupby("seed").tail(1).set_index("seed")
    diverged = last["diverged"].notna()
    return last.assign(
        cell=key,
        diverged=diverged,
        failed=diverged | (last["test_error"] > FAILED_ABOVE),
        test_error=last["test_error"].mask(diverged),
        silent_share_last_hidden=last.filter(like="silent_share_").iloc[:, -2],
        smallest_denominator=frame.groupby("seed")["smallest_denominator"].min(),
        spike_count=last.filter(like="spike_count_").iloc[:, :-1].mean(axis=1),
        drive=cell.tau_m / cell.threshold_hidden,
    ).reset_index()


def _grid_rows(grid: str, cells: Mapping[str, ArmSettings], runs: pd.DataFrame, own: str):
    """The rows of the cells of a grid; `own`: the arm's own cell."""
    errors = runs.pivot(index="seed", columns="cell", values="test_error")[list(cells)]
    means = errors.mean()
    ranks = means.rank(method="first")
    for key, cell in cells.items():
        found = runs[runs["cell"] == key]
        described = dict(grid=grid, of="cell", cell=key, own=int(key == own), rank=ranks[key])
        described |= cell.model_dump(include=set(CONSTANTS))
        described |= dict(n_diverged=found["diverged"].sum(), n_failed=found["failed"].sum())
        values = {quantity: found[quantity].dropna() for quantity in QUANTITIES}
        for quantity, of_runs in values.items():
            interval = mean_interval(of_runs)._asdict()
            yield described | dict(quantity=quantity, n_seeds=len(of_runs)) | interval
        if key == own:
            behind = behind_chosen(errors, own)
            interval, p_value = paired_difference(behind, np.zeros(len(behind)))
            known = dict(quantity="behind_chosen", n_seeds=len(behind), p_value=p_value)
            yield described | known | interval._asdict()


def behind_chosen(errors: pd.DataFrame, own: str) -> list[float]:
    """For each seed, the error of `own` minus that of the cell that is best for the other seeds.

    `errors`: one row per seed and one column per cell. Cells with a diverged run (NaN) are left
    out; the list is empty if `own` is one of them or there is only one seed.
    """
    whole = errors.dropna(axis="columns")
    if own not in whole or len(whole) < 2:
        return []
    chosen = {seed: whole.drop(index=seed).mean().idxmin() for seed in whole.index}
    return [float(whole.loc[seed, own] - whole.loc[seed, cell]) for seed, cell in chosen.items()]


def _outcome_rows(runs: pd.DataFrame) -> list[dict]:
    rows = []
    for name, found in (("failed", runs[runs["failed"]]), ("trained", runs[~runs["failed"]])):
        values = dict(runs=len(found), diverged_runs=found["diverged"].sum())
        for quantity in QUANTITIES:
            values[quantity] = mean_interval(found[quantity].dropna())._asdict()
            for suffix, statistic in (("_smallest", "min"), ("_largest", "max")):
                values[quantity + suffix] = found[quantity].agg(statistic)
        described = dict(grid="both", of=f"{name} runs")
        described |= dict(n_seeds=found["seed"].nunique(), n_runs=len(found))
        for quantity, value in values.items():
            known = value if isinstance(value, dict) else dict(mean=value)
            rows.append(described | dict(quantity=quantity) | known)
    return rows
