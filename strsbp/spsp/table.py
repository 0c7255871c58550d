"""Effect-ratio tables: polynomials of e_ij in the output count, one per input count.

The text format is the authors': one row per input count 1 .. K with five columns, the coefficients
of a polynomial of degree 4 in the output count, highest power first. All other fits are stored as
a `strsbp.spsp.separable.SeparableTable`, in a CSV file.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from strsbp.errors import TableError, in_words
from strsbp.files import write_text

if TYPE_CHECKING:
    from strsbp.spsp.separable import SeparableTable

DEGREE = 4


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
        array.setflags(write=False)
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


def write_table(table: EffectRatioTable, path: str | Path) -> None:
    """Write `table` in the authors' text format, atomically."""
    text = "".join("".join(f"{value:16.7e}" for value in row) + "\n" for row in table.coefficients)
    write_text(text, path)


def read_table(path: str | Path) -> "EffectRatioTable | SeparableTable":
    """Read a table in the authors' text format, or a `SeparableTable` from a `.csv` file.

    Raises `TableError`.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # NumPy's, for an empty file
            if path.suffix == ".csv":
                from strsbp.spsp.separable import read_separable

                return read_separable(path)
            return EffectRatioTable(np.loadtxt(path, ndmin=2))
    except OSError as error:
        raise TableError(f"The table {path} cannot be read: {in_words(error)}.") from None
    except (TableError, UserWarning, ValueError) as error:
        raise TableError(f"{path} is not a table: {in_words(error)}.") from None
