"""Effect-ratio tables of any fit: sums of products of a function of each count.

    e(c_in, c_out) = sum_k a_k(c_in) v_k(c_out),  de/dc_out = sum_k a_k(c_in) d_k(c_out)

A single curve phi for all inputs is one term, a(c_in) = c_in; polynomials of degree d, one per
input count, are d + 1 terms. Every function is stored at whole counts, so training needs no
formula. The file is a CSV: `part` (input, value, derivative), `count`, and one column per term.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from strsbp.errors import TableError
from strsbp.files import write_text
from strsbp.spsp.table import EffectRatioTable

MOST_TERMS = 9
"""Most terms of a table, as a polynomial of degree 8 has. Its derivative has one term fewer."""
_FIRST = {"input": 1, "value": 0, "derivative": 0}
"""The parts of a file and the first count of each."""


@dataclass(frozen=True)
class SeparableTable:
    """e(c_in, c_out) and its derivative in c_out, as products of functions of whole counts.

    `inputs` (K, R) float64: a_k at input counts 1 .. K; `values` and `derivatives` (R, N):
    v_k and d_k at output counts 0 .. N - 1. Larger counts use the last entry. Raises `TableError`
    if the shapes do not match or a value is not finite.
    """

    inputs: np.ndarray
    values: np.ndarray
    derivatives: np.ndarray

    def __post_init__(self):
        for name in ("inputs", "values", "derivatives"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.ndim != 2 or 0 in array.shape:
                raise TableError(f"The {name} of a separable table have shape {array.shape}.")
            if not np.isfinite(array).all():
                raise TableError(f"The {name} of a separable table are not all finite.")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        n_terms = self.inputs.shape[1]
        if self.values.shape != self.derivatives.shape or len(self.values) != n_terms:
            raise TableError(
                f"The inputs of a separable table have {n_terms} terms, but its values have shape "
                f"{self.values.shape} and its derivatives {self.derivatives.shape}."
            )
        if n_terms > MOST_TERMS:
            raise TableError(f"A separable table has {n_terms} terms, more than {MOST_TERMS}.")

    @classmethod
    def of_curve(cls, values: ArrayLike, derivatives: ArrayLike, n_rows: int) -> "SeparableTable":
        """The table o_j * phi(o_i) of a curve phi, for input counts 1 .. `n_rows`.

        `values` and `derivatives` (N,): phi and its derivative at output counts 0 .. N - 1.
        """
        inputs = np.arange(1.0, n_rows + 1)[:, None]
        return cls(inputs, np.asarray(values)[None], np.asarray(derivatives)[None])

    @property
    def n_rows(self) -> int:
        """K, the largest input count with its own row; larger counts use the last row."""
        return len(self.inputs)

    @property
    def n_counts(self) -> int:
        """N, one more than the largest output count with its own entry."""
        return self.values.shape[1]

    def _products(self, c_in: ArrayLike, c_out: ArrayLike, functions: np.ndarray) -> np.ndarray:
        rows = np.clip(np.asarray(c_in, dtype=np.int64), 1, self.n_rows) - 1
        columns = np.clip(np.asarray(c_out, dtype=np.int64), 0, self.n_counts - 1)
        terms = (a[rows] * b[columns] for a, b in zip(self.inputs.T, functions, strict=True))
        return np.asarray(sum(terms))

    def value(self, c_in: ArrayLike, c_out: ArrayLike) -> np.ndarray:
        """e(c_in, c_out), float64; whole counts, which broadcast and are clamped to the table."""
        return self._products(c_in, c_out, self.values)

    def derivative(self, c_in: ArrayLike, c_out: ArrayLike) -> np.ndarray:
        """de/dc_out at (c_in, c_out), float64; arguments as in `value`."""
        return self._products(c_in, c_out, self.derivatives)

    def terms(self, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
        """The derivative in the engine's form: coefficients (K, R) and basis (R, n_steps + 1).

        Terms whose derivative is 0 at every count are dropped; at least one term is kept.
        """
        columns = np.minimum(np.arange(n_steps + 1), self.n_counts - 1)
        basis = self.derivatives[:, columns]
        kept = np.any(basis, axis=1)
        kept[0] |= not kept.any()
        return self.inputs[:, kept], basis[kept]

    def content(self) -> str:
        """The table as CSV text, which is also what a run's hash depends on."""
        lines = [",".join(["part", "count", *map(str, range(1, self.inputs.shape[1] + 1))])]
        rows = zip(_FIRST, (self.inputs, self.values.T, self.derivatives.T), strict=True)
        for part, array in rows:
            for count, row in enumerate(array, start=_FIRST[part]):
                lines.append(",".join([part, str(count), *(f"{value:.12g}" for value in row)]))
        return "\n".join(lines) + "\n"


Table = EffectRatioTable | SeparableTable
"""Any table of effect ratios."""


def write_separable(table: SeparableTable, path: str | Path) -> None:
    """Write `table` as CSV, atomically."""
    write_text(table.content(), path)


def read_separable(path: str | Path) -> SeparableTable:
    """Read a file of `write_separable`; raises `OSError`, `ValueError` or `TableError`."""
    header, *rows = np.loadtxt(path, dtype=str, delimiter=",", ndmin=2)
    if list(header[:2]) != ["part", "count"]:
        raise TableError("the first columns must be part and count")
    arrays = []
    for part, first in _FIRST.items():
        own = np.array([row for row in rows if row[0] == part]).reshape(-1, header.size)
        if list(own[:, 1]) != list(map(str, range(first, first + len(own)))):
            raise TableError(f"the counts of '{part}' must be {first}, {first + 1}, ...")
        arrays.append(own[:, 2:].astype(np.float64))
    if sum(map(len, arrays)) < len(rows):
        raise TableError(f"the part must be one of {', '.join(_FIRST)}")
    inputs, values, derivatives = arrays
    return SeparableTable(inputs, values.T, derivatives.T)
