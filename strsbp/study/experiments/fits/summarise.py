"""Fits of e_ij ranked: errors of value and derivative, |s_i| in training, and test error."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, read_csv, write_csv
from strsbp.settings import ArmSettings, SimulatedTable
from strsbp.spsp.exact import ExactCurve, read_curve
from strsbp.spsp.fits import exact, fit_curve
from strsbp.spsp.quality import LOW_RATE
from strsbp.spsp.simulate import Surface, load_surface
from strsbp.study.summary.intervals import holm, mean_interval, paired_difference


def summarise_fits(
    arms: Mapping[str, ArmSettings],
    metrics: Sequence[str | Path],
    surfaces: Sequence[str | Path],
    curve: str | Path,
    *,
    epochs: int,
    out: str | Path,
) -> None:
    """Write one row per arm: its fit, the fit's errors, and how the arm trains with it.

    `arms`: the compared arms, the published fit first; `metrics`: their runs, <arm>/seed<seed>.csv,
    with the seeds in the same order; `surfaces`: the simulation on its grids; `curve`: the
    expectation, up to the largest count for which errors are wanted.
    Columns `<value|derivative>_<region>_<grid>`: root mean square of the error over o_i, relative
    to that of the truth, inside the grid, outside it (up to the end of `curve`) and at counts up to
    10. `mean`, `low`, `high`: the best test error of the first `epochs`; `difference...`: from the
    first arm, paired by seed, with the p of the paired t-test, raw and with Holm's correction for
    all arms; `smallest_denominator`: the smallest |s_i| in any hidden layer, run and epoch; `rank`:
    by mean test error, 1 for the best.
    """
    runs = {name: [] for name in arms}
    for path in map(Path, metrics):
        runs[path.parent.name].append(_read(path, epochs))
    simulated = [load_surface(path) for path in surfaces]
    expected = read_curve(SimulatedTable.from_key(Path(curve).stem), curve)
    best = {name: [run["test_error"].min() for run in found] for name, found in runs.items()}
    first = next(iter(best.values()))
    rows = []
    for name, arm in arms.items():
        fit, whole = arm.table.fit_name, pd.concat(runs[name])
        difference, p_value = paired_difference(best[name], first)
        named = {f"difference_{end}": getattr(difference, end) for end in ("low", "high")}
        smallest = whole.filter(regex="^smallest_denominator_(?!output)").min().min()
        rows.append(
            dict(arm=name, title=arm.title, fit=fit)
            | mean_interval(best[name])._asdict()
            | dict(n_seeds=len(best[name]), epochs=epochs, difference=difference.mean)
            | named
            | dict(difference_p_value=p_value, difference_p_adjusted=np.nan)
            | dict(smallest_denominator=smallest)
            | ({} if arm.table.spsp == "exact" else fit_errors(fit, simulated, expected))
        )
    frame = pd.DataFrame(rows)
    tested = frame["difference_p_value"].notna()
    frame.loc[tested, "difference_p_adjusted"] = holm(frame.loc[tested, "difference_p_value"])
    frame.insert(0, "rank", frame["mean"].rank(method="min").astype(int))
    write_csv(frame.sort_values("rank", kind="stable"), out)


def fit_errors(fit: str, surfaces: Sequence[Surface], curve: ExactCurve) -> dict[str, float]:
    """Relative errors of the fit called `fit` on each grid; see `summarise_fits`.

    All inputs share one curve, so the errors of e_ij at the largest o_j stand for all.
    """
    found = {}
    largest = curve.counts[-1]
    for surface in surfaces:
        grid = surface.table.grid
        n_counts = largest + 1
        table = exact(curve, n_counts) if fit == "exact" else fit_curve(surface, fit, n_counts)
        regions = dict(
            inside=np.arange(1, grid + 1), outside=np.arange(grid + 1, largest + 1),
            low_rates=np.arange(1, min(LOW_RATE, grid) + 1),
        )  # fmt: skip
        for region, counts in regions.items():
            if not counts.size:
                continue
            for name, truth in (("value", curve.phi), ("derivative", curve.derivative)):
                fitted = getattr(table, name)(grid, counts) / grid
                error = np.sqrt(np.mean((fitted - truth[counts]) ** 2))
                scale = np.sqrt(np.mean(truth[counts] ** 2))
                found[f"{name}_{region}_{grid}"] = float(error / scale)
    return found


def _read(path: str | Path, epochs: int) -> pd.DataFrame:
    """The first `epochs` of a run; one that diverged ends earlier."""
    frame = read_csv(path, ["epoch", "test_error", "diverged"])
    frame = frame[frame["epoch"] <= epochs]
    if not len(frame):
        raise ResultsError(f"{path} holds no epoch; train the run again.")
    return frame
