"""The commands with any arguments and files: a sentence and a status, never a traceback."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from bad_input import TEXTS, VALUES, changed_tree, damaged, examples
from hypothesis import given
from hypothesis import strategies as st

from strsbp.spsp import compare
from strsbp.study import adopt
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


# --- python -m strsbp.study.adopt

RUN = dict(
    arm="strsbp", seed=1, settings={"epochs": 1}, architecture=[], data={"sha256": "0"},
    table={"sha256": "0"}, commit=None, dirty=False,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A results folder with one run; Snakemake is not started, and tables and images are there."""
    path = tmp_path / "quick" / "train" / "strsbp" / "seed1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(RUN))
    path.with_suffix(".csv").write_text("epoch\n")
    monkeypatch.setattr(adopt.subprocess, "run", no_process)
    return path.parents[2]


def no_process(command, **kwargs):
    if command[0] == "git":
        raise AssertionError(f"git was given {command}")
    return subprocess.CompletedProcess(command, 0)


@pytest.mark.parametrize(
    "arguments", [["none"], ["a\0b"], ["a\nb"], ["x" * 300], ["x" * 5000], ["none", "--verify"]],
    ids=ascii,
)  # fmt: skip
def test_adopt_without_a_folder(capsys, arguments):
    assert adopt.main(arguments) == 2
    assert "There is no folder" in told(capsys)


@pytest.mark.parametrize(
    "arguments", [[], ["a", "b"], ["--nothing"], ["a", "--verify=3"]], ids=ascii
)
def test_adopt_with_other_words(capsys, arguments):
    assert status_of(adopt.main, arguments) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("content", ['{"strsbp": ["x"]}', '{"strsbp": 3}', "[]", "{", '"\\ud800"'])
def test_adopt_with_any_note_of_what_was_verified(folder, capsys, content):
    (folder / adopt.VERIFIED).write_text(content)
    assert adopt.main([str(folder)]) == 1
    assert adopt.VERIFIED in told(capsys)


@pytest.mark.parametrize("name", ["..", "a b", "é", "-x", "$HOME", "x" * 200, "a\nb"], ids=ascii)
def test_adopt_with_a_folder_of_no_profile(tmp_path, capsys, name):
    path = tmp_path / name
    path.mkdir(exist_ok=True)
    assert adopt.main([str(path)]) == 1
    assert "There is no profile" in told(capsys)


@examples(60)
@given(data=st.data())
def test_adopt_with_any_provenance(data, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "adopt" / "quick"
    path = folder / "train" / "strsbp" / "seed1.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    changed = data.draw(changed_tree(RUN) | VALUES, label="provenance")
    path.write_text(json.dumps(changed))
    path.with_suffix(".csv").write_text("epoch\n")
    import contextlib
    import io

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adopt.subprocess, "run", no_process)
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()) as err,
        ):
            assert adopt.main([str(folder)]) == 1
    assert err.getvalue().count("\n") <= 1 and "Traceback" not in err.getvalue()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{" * 5000, b"nul", b"NaN"])
def test_adopt_with_a_provenance_that_is_none(folder, capsys, content):
    (folder / "train/strsbp/seed1.json").write_bytes(content)
    assert adopt.main([str(folder)]) == 1
    assert "seed1.json" in told(capsys)


def test_a_run_in_anothers_place_is_not_adopted(folder, capsys):
    other = folder / "train" / "hm2bp"
    other.mkdir()
    for suffix in ("json", "csv"):
        shutil.copy(folder / f"train/strsbp/seed1.{suffix}", other / f"seed1.{suffix}")
    assert adopt.main([str(folder)]) == 1
    assert "describes a run of another name, arm 'strsbp' with seed 1" in told(capsys)


@pytest.mark.parametrize(
    "commit",
    ["--output=made", "HEAD", "", "0" * 39, "a\0b", "0" * 40 + "\n", "-" * 40, 7, [], True],
)
def test_a_commit_that_is_none_never_reaches_git(monkeypatch, commit):
    monkeypatch.setattr(adopt.subprocess, "run", no_process)
    assert adopt.changed_since.__wrapped__(commit) == [
        "it names no commit, so that the code may have"
    ]


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
        ("profile: mine", "results/../../up/train/strsbp/seed1.csv", "There is no profile '..'"),
    ],
)
def test_snakemake_tells_it_in_one_sentence(tmp_path, text, target, words):
    status, output = run_snakemake(tmp_path, text, target)
    assert status == 1 and words in output, output[-3000:]
    assert "Traceback" not in output
    assert not (tmp_path / "results").exists() and not (tmp_path.parent / "up").exists()
