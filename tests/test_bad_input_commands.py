"""The commands with any arguments and files: a sentence and a status, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from bad_input import TEXTS, damaged, examples
from hypothesis import given
from hypothesis import strategies as st

from strsbp.spsp import compare
from strsbp.study.claims.judging import COLUMNS, load_claims
from strsbp.study.report import terminal

ROOT = Path(__file__).resolve().parents[1]


def told(capsys) -> str:
    """What a command wrote to stderr: at most one line, and no traceback."""
    error = capsys.readouterr().err
    assert "Traceback" not in error and error.count("\n") <= 1, error[-2000:]
    return error


def status_of(main, arguments) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # argparse: the usage, and a line
        return end.code


# --- python -m strsbp.study.report.terminal


def judged() -> pd.DataFrame:
    claims = load_claims(ROOT / "resources" / "claims.yaml")[:3]
    rows = [claim.model_dump(include=set(COLUMNS)) | dict(verdict="reproduces") for claim in claims]
    return pd.DataFrame(rows, columns=COLUMNS)


JUDGED = judged().astype(object)
CSV = JUDGED.to_csv(index=False).encode()
CELLS = st.sampled_from(
    [
        "",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "x",
        "True",
        '"',
        "\x1b[2J",
        "<b>",
        "9" * 500,
        "–",
    ]
)


@examples(50)
@given(content=damaged(CSV) | st.binary(max_size=40))
def test_the_terminal_report_of_any_bytes(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "claims.csv"
    path.write_bytes(content)
    run_terminal(path)


@examples(50)
@given(column=st.sampled_from(COLUMNS), row=st.integers(0, 2), cell=CELLS)
def test_the_terminal_report_of_any_cell(tmp_path_factory, column, row, cell):
    path = tmp_path_factory.getbasetemp() / "claims.csv"
    frame = JUDGED.copy()
    frame.loc[row, column] = cell
    path.write_bytes(frame.to_csv(index=False).encode("utf-8", "surrogatepass"))
    run_terminal(path)


def run_terminal(path):
    import contextlib
    import io

    with (
        contextlib.redirect_stderr(io.StringIO()) as err,
        contextlib.redirect_stdout(io.StringIO()) as out,
    ):
        status = terminal.main([str(path)])
    assert status in (0, 1) and (err.getvalue() == "") == (status == 0)
    assert err.getvalue().count("\n") <= 1 and "Traceback" not in err.getvalue()
    shown = out.getvalue().replace("\n", "")
    assert shown.isprintable(), "nothing that a terminal obeys"


@examples(60)
@given(arguments=st.lists(TEXTS, max_size=3))
def test_the_terminal_report_with_any_arguments(arguments):
    import contextlib
    import io

    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        assert status_of(terminal.main, arguments) in (0, 1, 2)


# --- python -m strsbp.spsp.compare


@pytest.mark.parametrize("folder", ["none", "a\0b", "x" * 300, "x" * 5000, "-x"], ids=ascii)
def test_the_comparison_with_no_folder_of_tables(tmp_path, capsys, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    assert status_of(compare.main, ["--", folder, "out.csv"]) == 1
    assert told(capsys)


@pytest.mark.parametrize("out", [".", "a\0b", "x" * 300, "/dev/null/x", "/proc/none"], ids=ascii)
def test_the_comparison_where_it_cannot_write(tmp_path, capsys, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compare, "author_comparison", lambda folder: pd.DataFrame({"a": [1]}))
    assert compare.main(["folder", out]) == 1
    assert "cannot be written" in told(capsys)
    assert list(tmp_path.iterdir()) == []


# --- snakemake, as a user meets it


def run_snakemake(folder, text, *arguments):
    (folder / "mine.yaml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", "--quiet", "rules",
         "--snakefile", str(ROOT / "Snakefile"), "--configfile", "mine.yaml", "--", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


BOMB = "a0: &a0 [ha, ha]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(40))


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        (BOMB, "all", "expands to more than 100,000 keys and values"),
        ("arms: {'../../up': {title: x}}", "all", "arms.../../up"),
        ("profile: mine", "results/../../up/train/strsbp/seed1.csv", "MissingRuleException"),
    ],
)
def test_snakemake_tells_it_in_one_sentence(tmp_path, text, target, words):
    status, output = run_snakemake(tmp_path, text, target)
    assert status == 1 and words in output, output[-3000:]
    assert "Traceback" not in output
    assert not (tmp_path / "results").exists() and not (tmp_path.parent / "up").exists()
