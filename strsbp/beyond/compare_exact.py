"""Simulations of e_ij beside their expectation: is it inside the Monte-Carlo error everywhere?"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.spsp.exact import ExactCurve
from strsbp.spsp.quality import shared_curve
from strsbp.spsp.simulate import Surface
from strsbp.summary.files import write_csv

COLUMNS = ["spsp", "quantity", "value"]
CURVE_COLUMNS = ["spsp", "o_i", "phi", "low", "high", "exact", "derivative"]


def compare_exact(
    surfaces: Iterable[Surface], curves: Iterable[ExactCurve], *, table: str | Path,
    drawn: str | Path,
) -> None:  # fmt: skip
    """Compare each of `surfaces` with the curve of its trains, and write two tables.

    `table`: quantities of `deviations`, by simulation; `drawn`: phi of the simulation with its
    95 % interval beside the exact one and its derivative. Curves without a simulation are drawn
    alone.
    """
    by_name = {surface.table.spsp: surface for surface in surfaces}
    rows, points = [], []
    for curve in curves:
        surface = by_name.get(curve.table.spsp)
        described = dict(
            spsp=curve.table.spsp, o_i=curve.counts, exact=curve.phi, derivative=curve.derivative
        )
        if surface is not None:
            phi, error = shared_curve(surface)
            described |= {
                name: np.append(np.nan, values)
                for name, values in dict(
                    phi=phi, low=phi - 1.96 * error, high=phi + 1.96 * error
                ).items()
            }
            found = deviations(surface, curve)
            rows += [dict(spsp=curve.table.spsp, quantity=k, value=v) for k, v in found.items()]
        points.append(pd.DataFrame(described).reindex(columns=CURVE_COLUMNS))
    write_csv(pd.DataFrame(rows, columns=COLUMNS), table)
    write_csv(pd.concat(points, ignore_index=True), drawn)


def deviations(surface: Surface, curve: ExactCurve) -> dict[str, float]:
    """How far a simulated surface lies from o_j * phi(o_i), in its own standard errors.

    `repeats` of the simulation; over the cells `rms_deviation` (1 where chance is all there is),
    `largest_deviation` and `share_within_95`; `largest_by_chance`: what the largest of as many
    independent normal deviates exceeds in one case of twenty; `relative_rms`: of the curve that
    all rows share, over that curve.
    """
    from scipy import stats

    o_j = surface.counts[:, None].astype(np.float64)
    expected = curve.phi[surface.counts]
    known = surface.standard_error > 0
    deviation = ((surface.mean - o_j * expected) / np.where(known, surface.standard_error, 1))[
        known
    ]
    phi, _ = shared_curve(surface)
    return dict(
        repeats=surface.repeats,
        n_cells=deviation.size,
        rms_deviation=float(np.sqrt(np.mean(deviation**2))),
        largest_deviation=float(np.abs(deviation).max()),
        largest_by_chance=float(-stats.norm.ppf((1 - 0.95 ** (1 / deviation.size)) / 2)),
        share_within_95=float(np.mean(np.abs(deviation) < 1.96)),
        relative_rms=float(np.sqrt(np.mean((phi - expected) ** 2) / np.mean(expected**2))),
    )
