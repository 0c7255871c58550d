"""Files of exact curves: o_i, phi and dphi/do_i as CSV."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.errors import TableError, in_words
from strsbp.files import write_csv
from strsbp.settings import SimulatedTable
from strsbp.spsp.exact import ExactCurve, solve_curve

COLUMNS = ["o_i", "phi", "derivative"]


def write_curve(curve: ExactCurve, path: str | Path) -> None:
    """Write `curve` as CSV, atomically."""
    frame = pd.DataFrame(dict(o_i=curve.counts, phi=curve.phi, derivative=curve.derivative))
    write_csv(frame, path, digits=15)


def read_curve(table: SimulatedTable, path: str | Path) -> ExactCurve:
    """Read the curve of `table` from the file `path`; raises `TableError`."""
    try:
        counts, phi, derivative = pd.read_csv(path)[COLUMNS].to_numpy(np.float64).T
    except (OSError, ValueError, KeyError) as error:
        raise TableError(
            f"{path} is not the file of a curve ({in_words(error)}); solve it again."
        ) from None
    whole = np.isfinite(phi).all() and np.isfinite(derivative).all() and phi.size > 1
    if not whole or not np.array_equal(counts, np.arange(counts.size)):
        raise TableError(f"{path} does not contain an exact curve; solve it again.")
    return ExactCurve(table, phi, derivative)


def solve_spsp(*, table: str, curve: str | Path) -> None:
    """Solve the expectation of e_ij for the trains of the table named `table`."""
    write_curve(solve_curve(SimulatedTable.from_key(table)), curve)
