"""The grids of time constants and thresholds in one table: errors, ranks, lines, failed runs.

A run *diverged* if a weight stopped being finite; it *failed* if it diverged or if its last test
error is above one half. The test error of a diverged run enters no mean.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, numbers, read_csv, write_csv
from strsbp.settings import ArmSettings
from strsbp.study.experiments.divergence.summarise import FAILED_ABOVE
from strsbp.study.experiments.sweep.settings import (
    THRESHOLDS,
    TIME_CONSTANTS,
    Cell,
    SweepSettings,
)
from strsbp.study.summary.intervals import mean_interval, paired_difference

AXES = {
    TIME_CONSTANTS: ("tau_m", "tau_s"),
    THRESHOLDS: ("threshold_hidden", "threshold_output"),
}
"""The two constants that differ between the cells of a grid."""
QUANTITIES = (
    "test_error", "silent_share", "silent_share_last_hidden", "smallest_denominator", "spike_count",
    "drive",
)  # fmt: skip
COLUMNS = [
    "arm", "grid", "of", "cell", *Cell.model_fields, "own", "rank", "quantity", "mean", "low",
    "high", "n_runs", "n_diverged", "n_failed", "n_train", "epochs",
]  # fmt: skip
LINES = {
    "first": lambda first, second: first,
    "second": lambda first, second: second,
    "product": lambda first, second: first * second,
    "ratio": lambda first, second: first / second,
}
"""What is constant along a line through the arm's own cell, by the grid's two constants."""


def summarise_sweep(
    scans: Mapping[tuple[str, str], str | Path],
    *,
    settings: SweepSettings,
    arms: Mapping[str, ArmSettings],
    out: str | Path,
) -> None:
    """Summarise the files of `measure_cell`, given by (arm, key of the cell), in `out` (csv).

    Rows with `of` = `cell`: for every cell of a `grid`, mean and 95 % interval over seeds of the
    `QUANTITIES` after the last epoch: test error; share of silent neurons, among all and in the
    last hidden layer; smallest |s_i| of all epochs; spikes per hidden neuron and test image;
    drive = tau_m / threshold_hidden, the steady membrane for one unit of input over the threshold.
    `rank` counts from the smallest mean test error. `behind_best` is a cell's test error minus that
    of the first in rank, paired by seed. `behind_chosen`, only for the arm's own cell (`own` = 1),
    compares it instead with the cell that is best for the other seeds, so that no error is compared
    with one that was chosen for being small.

    `of` = `line`: the largest minus the smallest mean test error (`spread`) of the cells on a line
    through the own cell, along which the grid's `first` or `second` constant, their `product` or
    their `ratio` is constant. `of` = `failed runs`, `trained runs`: mean, smallest and largest
    value over the runs of both grids, and the number of runs (`runs`). Raises `ResultsError`.
    """
    frames = [
        pd.DataFrame(_rows(name, arm, scans, settings)).assign(arm=name)
        for name, arm in arms.items()
    ]
    frame = pd.concat(frames).assign(n_train=settings.n_train, epochs=settings.epochs)
    write_csv(frame.reindex(columns=COLUMNS), out)


def _rows(name: str, arm: ArmSettings, scans: Mapping, settings: SweepSettings) -> list[dict]:
    """The rows of one arm."""
    cells = settings.cells(arm)
    by_key = {cell.key: cell for found in cells.values() for cell in found}
    for key in by_key:
        if (name, key) not in scans:
            raise ResultsError(f"The cell {key} of {name} was not trained; run measure_sweep.")
    runs = pd.concat([_runs(cell, scans[name, key], settings) for key, cell in by_key.items()])
    own = Cell.of(arm).key
    rows = []
    for grid, found in cells.items():
        rows += _cell_rows(grid, found, runs, own)
        rows += _line_rows(grid, found, runs, by_key[own])
    return rows + _outcome_rows(runs)


def _runs(cell: Cell, path: str | Path, settings: SweepSettings) -> pd.DataFrame:
    """One row per seed: the quantities at the end of each run of a cell."""
    whole = ("test_error", "silent_share", "smallest_denominator")
    frame = read_csv(path, ("seed", "epoch", "diverged", *whole))
    silent, spikes = (
        [name for name in frame.columns if name.startswith(prefix)]
        for prefix in ("silent_share_", "spike_count_")
    )
    if len(silent) < 2 or len(spikes) < 2:
        raise ResultsError(f"{path} has no metrics of a hidden and an output layer; run it again.")
    for column in (*whole, *silent, *spikes):
        frame[column] = numbers(frame, column, path)
    rows = []
    for seed in settings.seeds:
        run = frame[frame["seed"] == seed]
        diverged = not run.empty and pd.notna(run["diverged"].iloc[-1])
        if run.empty or (len(run) != settings.epochs and not diverged):
            raise ResultsError(
                f"{path} has {len(run)} of {settings.epochs} epochs of seed {seed}; run it again."
            )
        last = run.iloc[-1]
        rows.append(
            dict(
                cell=cell.key,
                seed=seed,
                diverged=diverged,
                failed=diverged or bool(last["test_error"] > FAILED_ABOVE),
                test_error=np.nan if diverged else last["test_error"],
                silent_share=last["silent_share"],
                silent_share_last_hidden=last[silent[-2]],
                smallest_denominator=run["smallest_denominator"].min(),
                spike_count=last[spikes[:-1]].mean(),
                drive=cell.tau_m / cell.threshold_hidden,
            )
        )
    return pd.DataFrame(rows)


def _errors(cells: list[Cell], runs: pd.DataFrame) -> pd.DataFrame:
    """Test errors, one row per seed and one column per cell; NaN where a run diverged."""
    return runs.pivot(index="seed", columns="cell", values="test_error")[[c.key for c in cells]]


def _cell_rows(grid: str, cells: list[Cell], runs: pd.DataFrame, own: str) -> list[dict]:
    errors = _errors(cells, runs)
    ranks = errors.mean().rank(method="first")
    best = ranks.idxmin() if ranks.notna().any() else None
    rows = []
    for cell in cells:
        found = runs[runs["cell"] == cell.key]
        described = dict(grid=grid, of="cell", cell=cell.key, **cell.model_dump())
        described |= dict(own=int(cell.key == own), rank=ranks[cell.key])
        described |= {f"n_{name}": int(found[name].sum()) for name in ("diverged", "failed")}

        def row(quantity, interval, n_runs, described=described):
            return described | dict(quantity=quantity, n_runs=n_runs) | interval._asdict()

        for quantity in QUANTITIES:
            values = found[quantity].dropna()
            rows.append(row(quantity, mean_interval(values), len(values)))
        if best is not None:
            pairs = errors[[cell.key, best]].dropna().to_numpy()
            behind, _ = paired_difference(pairs[:, 0], pairs[:, 1])
            rows.append(row("behind_best", behind, len(pairs)))
        if cell.key == own:
            behind = behind_chosen(errors, own)
            rows.append(row("behind_chosen", mean_interval(behind), len(behind)))
    return rows


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


def _line_rows(grid: str, cells: list[Cell], runs: pd.DataFrame, own: Cell) -> list[dict]:
    names = AXES[grid]
    means = _errors(cells, runs).mean()
    rows = []
    for line, constant in LINES.items():
        through = constant(*(getattr(own, name) for name in names))
        on = [
            cell.key
            for cell in cells
            if np.isclose(constant(*(getattr(cell, name) for name in names)), through)
        ]
        known = means[on].dropna()
        spread = known.max() - known.min() if len(known) > 1 else np.nan
        found = runs[runs["cell"].isin(known.index)]
        rows.append(
            dict(
                grid=grid, of="line", cell=line, quantity="spread", mean=spread, n_runs=len(found),
                n_diverged=int(found["diverged"].sum()), n_failed=int(found["failed"].sum()),
            )
        )  # fmt: skip
    return rows


def _outcome_rows(runs: pd.DataFrame) -> list[dict]:
    rows = []
    for name, found in (("failed", runs[runs["failed"]]), ("trained", runs[~runs["failed"]])):
        described = dict(
            grid="both", of=f"{name} runs", n_runs=len(found),
            n_diverged=int(found["diverged"].sum()), n_failed=int(found["failed"].sum()),
        )  # fmt: skip
        rows.append(described | dict(quantity="runs", mean=len(found)))
        rows.append(described | dict(quantity="diverged_runs", mean=found["diverged"].sum()))
        for quantity in QUANTITIES:
            for suffix, statistic in (("", "mean"), ("_smallest", "min"), ("_largest", "max")):
                value = getattr(found[quantity], statistic)() if len(found) else np.nan
                rows.append(described | dict(quantity=quantity + suffix, mean=value))
    return rows
