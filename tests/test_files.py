"""Files are written whole or not at all, and unreadable ones are reported in one sentence."""

import pandas as pd
import pytest
from refusals import refusal

from strsbp.errors import SettingsError
from strsbp.files import ResultsError, numbers, read_csv, read_json, read_yaml, replacing, write_csv


def test_a_failed_write_leaves_the_older_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("older")
    with pytest.raises(OSError, match="no space"), replacing(path) as temporary:
        temporary.write_text("half")
        raise OSError("no space left")
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_csv_is_read_as_it_was_written(tmp_path):
    frame = pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, None]})
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "name,value\na,0.333333333\nb,\n"
    found = numbers(read_csv(tmp_path / "a.csv", ["value"]), "value", "a.csv")
    assert found[0] == 0.333333333 and pd.isna(found[1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "a.csv is missing; run the rule"),
        (b"x\n1\n", "has no column 'y'"),
        (b"", "not a readable CSV file"),
        (b"x,y\n1,2,3\n1\n1,2,3,4\n", "not a readable CSV file"),
        (b"x,y\n\xff,1\n", "not a readable CSV file"),
        (b"x,y\n1,many\n", "has a 'y' that is not a number"),
        (b"x,y\n1,inf\n", "has a 'y' that is not a number"),
    ],
)
def test_a_csv_that_is_not_the_expected_one(tmp_path, content, words):
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_bytes(content)
    assert words in refusal(lambda: numbers(read_csv(path, ("x", "y")), "y", path), ResultsError)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is missing"),
        (b"{", "not a readable JSON file"),
        (b"\xff", "not a readable JSON file"),
    ],
)
def test_a_json_file_that_is_not_the_expected_one(tmp_path, content, words):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    assert words in refusal(lambda: read_json(path), ResultsError)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1", "not valid YAML at line 1"),
        (b"a: \xff\xfe", "not valid YAML: 'utf-8' codec"),
        (b"a: 1\nb: 2\na: 3\n", "at line 3: the key 'a' appears twice"),
        (b"x:\n  b: {c: 1, c: 2}\n", "at line 2: the key 'c' appears twice"),
        (b"a: 2026-06-31", "not valid YAML: day is out of range"),
        (b"a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ],
)
def test_an_invalid_yaml_file(tmp_path, content, words):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    said = refusal(lambda: read_yaml(path, SettingsError), SettingsError)
    assert words in said and str(path) in said


def test_merge_keys_of_yaml_are_not_duplicate_keys(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("base: &base {k: 1}\nx: {y: &a {<<: *base, k: 2}}\nz: {<<: *a, k: 3}\n")
    assert read_yaml(path, SettingsError)["z"] == {"k": 3}
