"""Effect-ratio tables that are damaged or no tables: refused in one sentence, or read exactly."""

import os

import numpy as np
import pytest
from bad_input import (
    NO_FILES,
    TEXTS,
    attempt,
    damaged,
    examples,
    no_file,
    one_sentence,
    peak_memory,
    refusal,
)
from hypothesis import given
from hypothesis import strategies as st

from strsbp.errors import TableError
from strsbp.spsp import EffectRatioTable, read_table, write_table
from strsbp.spsp.compare import author_comparison, compare_tables
from strsbp.spsp.table import LARGEST_FILE
from strsbp.study.loading import _check_table_file

ROW = "1.0000000e+00  2.5 -3 4e-2  .5\n"


def written(folder, content: bytes):
    path = folder.getbasetemp() / "table.txt"
    path.write_bytes(content)
    return path


@examples(150)
@given(content=damaged(ROW.encode() * 3) | st.binary(max_size=60))
def test_any_damage_to_a_table_is_seen_or_another_table(tmp_path_factory, content):
    path = written(tmp_path_factory, content)
    table = attempt(lambda: read_table(path), TableError)
    if table is not None:
        numbers = [float(word) for word in content.decode("ascii").split()]
        np.testing.assert_array_equal(table.coefficients.ravel(), numbers)
        assert np.isfinite(table.coefficients).all()


words = (
    st.floats(allow_nan=True, allow_infinity=True).map(repr)
    | st.sampled_from(["nan", "inf", "-inf", "1e999", "0x1p3", "1_0", "١", "1,5", "+-1", "1e", ""])
    | TEXTS
)


@examples(150)
@given(
    rows=st.lists(st.lists(words, min_size=3, max_size=6), max_size=4),
    newline=st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\x0b", "\x1c", "\0"]),
)
def test_any_words_are_a_finite_table_or_refused(tmp_path_factory, rows, newline):
    text = newline.join(" ".join(row) for row in rows)
    path = written(tmp_path_factory, text.encode("utf-8", "surrogatepass"))
    table = attempt(lambda: read_table(path), TableError)
    assert table is None or np.isfinite(table.coefficients).all()


@examples(60)
@given(rows=st.lists(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5), min_size=1))
def test_a_table_that_was_written_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "table.txt"
    path.write_text("".join(" ".join(map(repr, row)) + "\n" for row in rows))
    np.testing.assert_array_equal(read_table(path).coefficients, rows)


@pytest.mark.parametrize("content", [b"1 " * 2_500_000, ROW.encode() * 200_000, b"1" * 5_000_000])
def test_a_huge_table_takes_no_memory(tmp_path, content):
    path = tmp_path / "table.txt"
    path.write_bytes(content)
    assert peak_memory(lambda: refusal(lambda: read_table(path), TableError)) < 1 << 20


def test_a_number_of_four_million_digits_is_refused_at_once(tmp_path):
    path = tmp_path / "table.txt"
    path.write_bytes(b"1 2 3 4 " + b"9" * (LARGEST_FILE - 10))
    assert "not finite" in refusal(lambda: read_table(path), TableError)


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_is_refused_before_any_job(tmp_path, kind):
    path = no_file(tmp_path, kind)
    refusal(lambda: _check_table_file(path), TableError)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_table_in_memory_is_finite_too(value):
    with pytest.raises(TableError, match="Row 2 .* not finite") as error:
        EffectRatioTable([[1, 2, 3, 4, 5], [1, 2, value, 4, 5]])
    one_sentence(error.value)


@pytest.mark.parametrize("row", [[0, 0, 0, 0, 0], [0, 0, 0, 0, 2]])
def test_a_comparison_never_ends_in_nan(row):
    ours = EffectRatioTable([[1, 2, 3, 4, 5]] * 3)
    assert "cannot be compared" in refusal(
        lambda: compare_tables(ours, EffectRatioTable([row] * 3)), TableError
    )


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_an_authors_table_that_is_no_file_is_refused(tmp_path, kind):
    path = tmp_path / "p_Tau_64_400.txt"
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    assert str(path) in refusal(lambda: author_comparison(tmp_path, repeats=1))


def test_a_folder_without_the_authors_tables(tmp_path):
    write_table(EffectRatioTable([[1, 2, 3, 4, 5]]), tmp_path / "other.txt")
    assert "holds none" in refusal(lambda: author_comparison(tmp_path, repeats=1))
