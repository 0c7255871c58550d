"""Files of exact curves: o_i, phi and dphi/do_i as CSV."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.errors import TableError
from strsbp.files import ResultsError, numbers, read_csv, write_csv
from strsbp.settings import SimulatedTable
from strsbp.spsp.exact import ExactCurve

COLUMNS = ["o_i", "phi", "derivative"]


def write_curve(curve: ExactCurve, path: str | Path) -> None:
    """Write `curve` as CSV, atomically."""
    frame = pd.DataFrame(dict(o_i=curve.counts, phi=curve.phi, derivative=curve.derivative))
    write_csv(frame, path, digits=15)


def read_curve(table: SimulatedTable, path: str | Path) -> ExactCurve:
    """Read the curve of `table` from the file `path`; raises `TableError`."""
    try:
        frame = read_csv(path, COLUMNS)
        columns = [numbers(frame, name, path).to_numpy(np.float64) for name in COLUMNS]
    except ResultsError as error:
        raise TableError(str(error)) from None
    counts, phi, derivative = columns
    whole = np.isfinite(phi).all() and np.isfinite(derivative).all() and phi.size > 1
    if not whole or not np.array_equal(counts, np.arange(counts.size)):
        raise TableError(f"{path} does not contain an exact curve; solve it again.")
    return ExactCurve(table, phi, derivative)
