"""Effect-ratio tables: e_ij and its derivative in the output count, by both counts.

The study's tables are polynomials in the output count, one per input count, in the authors' text
format: one row per input count 1 .. K with five columns, the coefficients of a polynomial of degree
4, highest power first.

The table of any other fit is a sum of products of a function of each count,

    e(c_in, c_out) = sum_k a_k(c_in) v_k(c_out),  de/dc_out = sum_k a_k(c_in) d_k(c_out).

A single curve phi for all inputs is one term, a(c_in) = c_in; polynomials of degree d, one per
input count, are d + 1 terms. Every function is stored at whole counts, so training needs no
formula. The file is a CSV: `part` (input, value, derivative), `count`, and one column per term.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from strsbp.errors import TableError, in_words
from strsbp.files import write_text

DEGREE = 4
_FIRST = {"input": 1, "value": 0, "derivative": 0}
"""The parts of a file and the first count of each."""


@dataclass(frozen=True)
class EffectRatioTable:
    """Polynomials e(c_in, c_out) and their derivative in c_out (specification, section 6).

    `coefficients`: (K, 5) float64, row c_in - 1, highest power first. Raises `TableError` if the
    shape is wrong or a value is not finite.
    """

    coefficients: np.ndarray

    def __post_init__(self):
        array = np.array(self.coefficients, dtype=np.float64)
        if array.ndim != 2 or array.shape[0] < 1 or array.shape[1] != DEGREE + 1:
            raise TableError(
                f"An effect-ratio table must have {DEGREE + 1} columns and at least one row, but "
                f"its shape is {array.shape}."
            )
        if not np.isfinite(array).all():
            row = int(np.argwhere(~np.isfinite(array))[0, 0]) + 1
            raise TableError(f"Row {row} of an effect-ratio table has a value that is not finite.")
        object.__setattr__(self, "coefficients", array)

    @property
    def n_rows(self) -> int:
        """K, the largest input count with its own row; larger counts use the last row."""
        return len(self.coefficients)

    def _rows(self, c_in: ArrayLike) -> np.ndarray:
        return np.clip(np.asarray(c_in, dtype=np.int64), 1, self.n_rows) - 1

    def value(self, c_in: ArrayLike, c_out: ArrayLike) -> np.ndarray:
        """e(c_in, c_out), float64; arguments broadcast, c_in is clamped to 1 .. K."""
        return _polynomial(self.coefficients[self._rows(c_in)], c_out)

    def derivative_coefficients(self, c_in: ArrayLike) -> np.ndarray:
        """Coefficients (..., 4) of de/dc_out, highest power first; c_in is clamped to 1 .. K."""
        return self.coefficients[self._rows(c_in)][..., :-1] * np.arange(DEGREE, 0, -1)

    def derivative(self, c_in: ArrayLike, c_out: ArrayLike) -> np.ndarray:
        """de/dc_out at (c_in, c_out), float64; arguments broadcast, c_in is clamped to 1 .. K."""
        return _polynomial(self.derivative_coefficients(c_in), c_out)

    def terms(self, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
        """The derivative in the engine's form: coefficients (K, 4) of cubics and an empty basis."""
        return self.derivative_coefficients(np.arange(1, self.n_rows + 1)), np.zeros((0, 0))

    def content(self) -> str:
        """The table as text, for hashing."""
        return self.coefficients.tobytes().hex()


def _polynomial(coefficients: np.ndarray, x: ArrayLike) -> np.ndarray:
    return np.polyval(np.moveaxis(coefficients, -1, 0), np.asarray(x, dtype=np.float64))


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
            object.__setattr__(self, name, array)
        n_terms = self.inputs.shape[1]
        if self.values.shape != self.derivatives.shape or len(self.values) != n_terms:
            raise TableError(
                f"The inputs of a separable table have {n_terms} terms, but its values have shape "
                f"{self.values.shape} and its derivatives {self.derivatives.shape}."
            )

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

    def _products(self, c_in: ArrayLike, c_out: ArrayLike, functions: np.ndarray) -> np.ndarray:
        rows = np.clip(np.asarray(c_in, dtype=np.int64), 1, self.n_rows) - 1
        columns = np.clip(np.asarray(c_out, dtype=np.int64), 0, functions.shape[1] - 1)
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
        columns = np.minimum(np.arange(n_steps + 1), self.values.shape[1] - 1)
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


def write_table(table: Table, path: str | Path) -> None:
    """Write a table in the authors' text format, or a `SeparableTable` as CSV, atomically."""
    if isinstance(table, SeparableTable):
        text = table.content()
    else:
        rows = ("".join(f"{value:16.7e}" for value in row) for row in table.coefficients)
        text = "".join(f"{row}\n" for row in rows)
    write_text(text, path)


def read_table(path: str | Path) -> Table:
    """Read a table in the authors' text format, or a `SeparableTable` from a `.csv` file.

    Raises `TableError`.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # NumPy's, for an empty file
            if path.suffix == ".csv":
                return _read_separable(path)
            return EffectRatioTable(np.loadtxt(path, ndmin=2))
    except OSError as error:
        raise TableError(f"The table {path} cannot be read: {in_words(error)}.") from None
    except (TableError, UserWarning, ValueError) as error:
        raise TableError(f"{path} is not a table: {in_words(error)}.") from None


def _read_separable(path: str | Path) -> SeparableTable:
    """Read a CSV file of `write_table`; raises `OSError`, `ValueError` or `TableError`."""
    header, *rows = np.loadtxt(path, dtype=str, delimiter=",", ndmin=2)
    if list(header[:2]) != ["part", "count"]:
        raise TableError("the first columns must be part and count")
    arrays = []
    for part, first in _FIRST.items():
        own = np.array([row for row in rows if row[0] == part]).reshape(-1, header.size)
        if list(own[:, 1]) != list(map(str, range(first, first + len(own)))):
            raise TableError(f"the counts of '{part}' must be {first}, {first + 1}, ...")
        arrays.append(own[:, 2:].astype(np.float64))
    inputs, values, derivatives = arrays
    return SeparableTable(inputs, values.T, derivatives.T)
