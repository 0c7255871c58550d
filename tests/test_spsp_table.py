"""Effect-ratio tables and their text format."""

import numpy as np
import pytest
from refusals import refusal

from strsbp.errors import TableError
from strsbp.spsp.table import EffectRatioTable, read_table, write_table

COEFFICIENTS = np.array([[-1e-6, 2e-4, -3e-3, 0.1, 0.2], [1.0, 2.0, 3.0, 4.0, 5.0]])


def test_value_and_derivative_by_hand():
    table = EffectRatioTable(COEFFICIENTS)
    assert table.value(2, 2) == 16 + 2 * 8 + 3 * 4 + 4 * 2 + 5
    assert table.derivative(2, 2) == 4 * 8 + 3 * 2 * 4 + 2 * 3 * 2 + 4
    np.testing.assert_array_equal(table.derivative_coefficients(2), [4, 6, 6, 4])
    assert table.derivative(np.array([[1], [2]]), np.arange(7)).shape == (2, 7)


def test_input_count_is_clamped_and_output_count_is_not():
    table = EffectRatioTable(COEFFICIENTS)
    np.testing.assert_array_equal(table.value([0, 1, 2, 9], 3), table.value([1, 1, 2, 2], 3))
    assert table.value(2, 100) == np.polyval(COEFFICIENTS[1], 100)


def test_text_round_trip(tmp_path):
    path = tmp_path / "table.txt"
    written = EffectRatioTable(COEFFICIENTS * 1.23456789)
    write_table(written, path)
    read = read_table(path)
    np.testing.assert_allclose(read.coefficients, written.coefficients, rtol=1e-7)
    again = tmp_path / "again.txt"
    write_table(read, again)
    assert again.read_bytes() == path.read_bytes()
    line = path.read_text().splitlines()[1]
    assert line.split()[0] == "1.2345679e+00"
    assert len(line) == 80  # five columns of sixteen, as in the authors' files


@pytest.mark.parametrize(
    "text, message",
    [
        ("1 2 3 4\n", "must have 5 columns"),
        ("1 2 3 4 5\n\n1 2 3 4 5 6\n", "columns changed from 5 to 6 at row 2"),
        ("1 2 3 4 five\n", "could not convert string 'five'"),
        ("1 2 3 4 nan\n", "Row 1 of an effect-ratio table has a value that is not finite"),
        ("\n \n", "contained no data"),
        ("1 2 3 4 \xe9\n", "not a table"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, text, message):
    path = tmp_path / "table.txt"
    path.write_bytes(text.encode("latin-1"))
    said = refusal(lambda: read_table(path), TableError)
    assert message in said and "table.txt" in said


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(TableError, match="none.txt cannot be read: .*not found"):
        read_table(tmp_path / "none.txt")
