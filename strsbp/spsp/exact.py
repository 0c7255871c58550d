"""The exact mean of e_ij per input spike, phi(o_i), without Monte Carlo (finding F4).

phi(o_i) is the expectation for a single input spike (`strsbp.spsp.expectation`). If the density of
an input spike does not depend on o_j, which is true on slots, then e(o_j, o_i) = o_j phi(o_i);
otherwise this is an approximation.

Training needs dphi/do_i at whole counts: the derivative of the spline of degree 5 through the exact
values.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import make_interp_spline

from strsbp.files import read_csv, write_csv
from strsbp.settings import SimulatedTable
from strsbp.spsp.expectation import expected_surface

_DEGREE = 5
"""Degree of the spline through the exact values."""


@dataclass(frozen=True)
class ExactCurve:
    """phi and dphi/do_i at the counts 0 .. largest, float64."""

    table: SimulatedTable
    phi: np.ndarray
    derivative: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """The output counts, from 0."""
        return np.arange(self.phi.size)


def extended(phi, slopes, n_counts: int) -> tuple[np.ndarray, np.ndarray]:
    """`phi` and `slopes` at 0 .. `n_counts` - 1, linear past their last count."""
    beyond = np.arange(1, n_counts - phi.size + 1)
    phi = np.append(phi, phi[-1] + slopes[-1] * beyond)[:n_counts]
    return phi, np.append(slopes, np.full(beyond.size, slopes[-1]))[:n_counts]


def read_curve(table: SimulatedTable, path: str | Path) -> ExactCurve:
    """Read the curve of `table` from the file `path`; raises `ResultsError`."""
    frame = read_csv(path, ["o_i", "phi", "derivative"])
    return ExactCurve(table, frame["phi"].to_numpy(), frame["derivative"].to_numpy())


def solve_curve(table: SimulatedTable) -> ExactCurve:
    """phi(o_i) for the trains of `table`, o_i = 0 .. grid (or the most spikes that fit)."""
    most = min(table.grid, table.largest_count)
    phi = np.append(0.0, expected_surface(table, most)[0])
    counts = np.arange(phi.size)
    spline = make_interp_spline(counts, phi, k=min(_DEGREE, phi.size - 1))
    return ExactCurve(table, phi, spline.derivative()(counts))


def solve_spsp(*, table: str, curve: str | Path) -> None:
    """Write the expectation of e_ij for the trains of the table named `table` as CSV."""
    import pandas as pd

    solved = solve_curve(SimulatedTable.from_key(table))
    frame = pd.DataFrame(dict(o_i=solved.counts, phi=solved.phi, derivative=solved.derivative))
    write_csv(frame, curve, digits=15)
