"""Polynomials of e_ij in the output count, one per input count (specification, section 9)."""

from pathlib import Path

import numpy as np

from strsbp.spsp.simulate import Surface, load_surface
from strsbp.spsp.table import DEGREE, EffectRatioTable, write_table


def fit_surface(surface: Surface) -> EffectRatioTable:
    """Least-squares polynomials of degree 4 in o_i = 1 .. grid, one per o_j."""
    counts = surface.counts
    # Fitted on [-1, 1], where the powers are well conditioned, then converted back.
    rows = [
        np.polynomial.Polynomial.fit(counts, values, DEGREE).convert().coef
        for values in surface.mean
    ]
    padded = [np.pad(row, (0, DEGREE + 1 - len(row))) for row in rows]
    return EffectRatioTable(np.array(padded)[:, ::-1])


def fit_spsp(*, surface: str | Path, table: str | Path) -> None:
    """Fit the simulated `surface` and write the `table` in the authors' format."""
    write_table(fit_surface(load_surface(surface)), table)
