"""Simulations of e_ij beside their expectation: do they agree within the Monte Carlo error?"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import write_csv
from strsbp.settings import SimulatedTable
from strsbp.spsp.exact import ExactCurve, read_curve
from strsbp.spsp.expectation import expected_surface
from strsbp.spsp.quality import shared_curve, shared_slope
from strsbp.spsp.simulate import Surface, load_surface

COLUMNS = ["spsp", "quantity", "value"]
CURVE_COLUMNS = ["spsp", "o_i", "phi", "low", "high", "expected", "exact", "derivative"]


def summarise_expectation(
    surfaces: Sequence[str | Path], curves: Sequence[str | Path], *, table: str | Path,
    drawn: str | Path,
) -> None:  # fmt: skip
    """Compare each of `surfaces` with the expectation for its trains, and write two tables.

    `surfaces`, `curves`: files of simulations and of expectations, named by their tables.

    `table`: the quantities of `deviations` per simulation, and `nonlinearity` per curve. `drawn`:
    the curve that all rows of the simulation share, with its 95 % interval, and that of the
    expectation (`expected`), beside phi for one input spike (`exact`) and its derivative. Curves
    without a simulation are drawn alone.
    """
    by_name = {surface.table.spsp: surface for surface in map(load_surface, surfaces)}
    rows, points = [], []
    for path in curves:
        curve = read_curve(SimulatedTable.from_key(Path(path).stem), path)
        surface = by_name.get(curve.table.spsp)
        expected = expected_surface(curve.table, curve.counts[-1])
        described = dict(
            spsp=curve.table.spsp, o_i=curve.counts, exact=curve.phi, derivative=curve.derivative
        )
        found = {}
        if not curve.table.on_slots:  # there the expectation is exactly the product
            found["nonlinearity"] = nonlinearity(expected, curve)
        if surface is not None:
            phi, error = shared_curve(surface)
            described |= {
                name: np.append(np.nan, values)
                for name, values in dict(
                    phi=phi, low=phi - 1.96 * error, high=phi + 1.96 * error,
                    expected=shared_slope(expected),
                ).items()
            }  # fmt: skip
            product = deviations(surface, curve.counts[1:, None] * curve.phi[1:])
            found |= deviations(surface, expected)
            found["rms_deviation_of_product"] = product["rms_deviation"]
        rows += [dict(spsp=curve.table.spsp, quantity=k, value=v) for k, v in found.items()]
        points.append(pd.DataFrame(described).reindex(columns=CURVE_COLUMNS))
    write_csv(pd.DataFrame(rows, columns=COLUMNS), table)
    write_csv(pd.concat(points, ignore_index=True), drawn)


def nonlinearity(expected: np.ndarray, curve: ExactCurve) -> float:
    """The largest |e(o_j, o_i) / (o_j phi(o_i)) - 1| of the expectation, over both counts."""
    return float(np.abs(expected / (curve.counts[1:, None] * curve.phi[1:]) - 1).max())


def deviations(surface: Surface, expected: np.ndarray) -> dict[str, float]:
    """How far a simulated surface lies from the expectation, in its own standard errors.

    `expected`: that of each cell, float64, indexed like the surface.
    Returns `repeats` of the simulation; over the cells, `rms_deviation` (1 if there is nothing but
    chance), `largest_deviation` and `share_within_95`; `largest_by_chance`: the 95th
    percentile of the largest of equally many independent normal deviates; `relative_rms`: the
    error of the curve that all rows share, relative to that curve.
    """
    from scipy import stats

    known = surface.standard_error > 0
    deviation = (surface.mean - expected)[known] / surface.standard_error[known]
    (phi, _), phi_expected = shared_curve(surface), shared_slope(expected)
    return dict(
        repeats=surface.repeats,
        n_cells=deviation.size,
        rms_deviation=float(np.sqrt(np.mean(deviation**2))),
        largest_deviation=float(np.abs(deviation).max()),
        largest_by_chance=float(-stats.norm.ppf((1 - 0.95 ** (1 / deviation.size)) / 2)),
        share_within_95=float(np.mean(np.abs(deviation) < 1.96)),
        relative_rms=float(np.sqrt(np.mean((phi - phi_expected) ** 2) / np.mean(phi_expected**2))),
    )
