"""From the simulated surfaces and their fits to two tidy tables.

Every calculation is done in `strsbp.spsp`; this module arranges the results.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.spsp.compare import compare_tables
from strsbp.spsp.quality import blocked_bias, quality, truth
from strsbp.spsp.simulate import Surface, load_surface
from strsbp.spsp.table import EffectRatioTable, read_table

COMPARED = ("published", "corrected")
"""The simulations whose surfaces are drawn and whose fits are assessed."""

BEYOND = 1.2
"""How far the polynomials of the largest grid are drawn, as a multiple of that grid."""


def summarise_spsp(
    surfaces: Sequence[str | Path],
    fits: Sequence[str | Path],
    trace: str | Path,
    *,
    surfaces_csv: str | Path,
    quality_csv: str | Path,
) -> None:
    """Summarise the simulations at the default constants.

    `fits[k]` is the fit of `surfaces[k]`. The published and the corrected simulation are needed on
    the same two grids; an unblocked one adds finding F2. `trace`: the file of
    `strsbp.spsp.trace.trace_spsp`.

    - `surfaces_csv`: value, standard error, fit and derivatives of each cell; the rows outside a
      grid have only the extrapolated fit. `derivative` is that of the spline through the curve
      that all input counts share (`strsbp.spsp.quality.truth`);
    - `quality_csv`: spsp, grid, region, quantity, value (`strsbp.spsp.quality.quality`), with the
      scale of the published over the corrected table, that of current and membrane of the traced
      pair, and the bias of blocked trials.
    """
    simulated, fitted = {}, {}  # by simulation and grid
    for surface, fit in zip(map(load_surface, surfaces), map(read_table, fits), strict=True):
        simulated.setdefault(surface.table.spsp, {})[surface.table.grid] = surface
        fitted.setdefault(surface.table.spsp, {})[surface.table.grid] = fit
    # Five digits are more precise than any simulation and keep the file small.
    write_csv(_surface_rows(simulated, fitted), surfaces_csv, digits=5)
    rows = [row for spsp in COMPARED for row in quality(simulated[spsp], fitted[spsp], spsp)]
    rows += [*_scale_rows(fitted), *_trace_rows(trace), *_bias_rows(simulated)]
    write_csv(pd.DataFrame(rows), quality_csv)


def _surface_rows(simulated: dict, fitted: dict) -> pd.DataFrame:
    frames = []
    for spsp in COMPARED:
        largest = max(simulated[spsp])
        for grid, surface in sorted(simulated[spsp].items()):
            last = round(BEYOND * grid) if grid == largest else min(largest, round(1.4 * grid))
            frames.append(_cells(surface, fitted[spsp][grid], last))
    return pd.concat(frames)


def _cells(surface: Surface, table: EffectRatioTable, last: int) -> pd.DataFrame:
    grid = surface.table.grid
    o_j, o_i = np.meshgrid(np.arange(1, grid + 1), np.arange(1, last + 1), indexing="ij")
    derivative = truth(surface, *np.meshgrid(surface.counts, surface.counts, indexing="ij"))[1]

    def extended(values):
        return np.pad(values, ((0, 0), (0, last - grid)), constant_values=np.nan)

    columns = dict(
        o_j=o_j, o_i=o_i, mean=extended(surface.mean),
        standard_error=extended(surface.standard_error), fit=table.value(o_j, o_i),
        derivative=extended(derivative), fit_derivative=table.derivative(o_j, o_i),
    )  # fmt: skip
    frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    frame.insert(0, "spsp", surface.table.spsp)
    frame.insert(1, "grid", grid)
    return frame


def _scale_rows(fitted: dict) -> Iterator[dict]:
    """Published relative to corrected: the ratio of scale, and what remains after rescaling."""
    same = dict(spsp="published over corrected", region="fitted")
    for grid, published in sorted(fitted["published"].items()):
        corrected = fitted["corrected"][grid]
        scale = compare_tables(published, corrected)["value_ratio"]
        scaled = compare_tables(EffectRatioTable(published.coefficients / scale), corrected)
        for quantity, value in (
            ("scale_ratio", scale),
            ("value_rms_after_scaling", scaled["value_rms"]),
            ("derivative_rms_after_scaling", scaled["derivative_rms"]),
        ):
            yield same | dict(grid=grid, quantity=quantity, value=value)


def _trace_rows(trace: str | Path) -> Iterator[dict]:
    """The largest current and membrane of the traced pair, of Listing 1 relative to Listing 2."""
    largest = read_csv(trace).groupby("listing")[["current", "membrane"]].max()
    for name, ratio in (largest.loc[1] / largest.loc[2]).items():
        yield dict(
            spsp="published over corrected", region="traced pair", quantity=f"{name}_ratio",
            value=ratio,
        )  # fmt: skip


def _bias_rows(simulated: dict) -> Iterator[dict]:
    """Finding F2 at the largest output count of each grid on which both simulations exist."""
    for grid, unblocked in sorted(simulated.get("unblocked", {}).items()):
        if grid not in simulated["published"]:
            continue
        for name, value in blocked_bias(simulated["published"][grid], unblocked).items():
            yield dict(
                spsp="published over unblocked", grid=grid, region=f"o_i = {grid}",
                quantity=f"blocked_bias_{name}", value=value,
            )  # fmt: skip
