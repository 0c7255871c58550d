"""The frame around every workflow script: log, threads, mistakes reported in one sentence."""

import importlib.util
import io
import os
import sys
from types import SimpleNamespace

import pytest

from strsbp.errors import SettingsError
from strsbp.study.call import call


@pytest.fixture
def frame(root, monkeypatch):
    """The module workflow/scripts/_job.py."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        monkeypatch.setenv(f"{library}_NUM_THREADS", os.environ.get(f"{library}_NUM_THREADS", "1"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    spec = importlib.util.spec_from_file_location("_job", root / "workflow/scripts/_job.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def job(tmp_path):
    """What a script knows about its job."""
    return SimpleNamespace(log=[str(tmp_path / "logs" / "a.log")], threads=3, rule="train")


def log_of(job):
    with open(job.log[0], encoding="utf-8") as file:
        return file.read()


def test_output_goes_to_terminal_and_log(frame, job, capsys):
    with frame.job(job):
        print("to stdout")
        print("to stderr", file=sys.stderr)
    assert capsys.readouterr().err == "to stdout\nto stderr\n"
    assert log_of(job) == "to stdout\nto stderr\n"
    assert not isinstance(sys.stdout, frame.Tee) and not isinstance(sys.stderr, frame.Tee)


def test_a_progress_bar_is_logged_as_it_last_looked(frame):
    terminal, log = io.StringIO(), io.StringIO()
    tee = frame.Tee(terminal, log)
    for text in ("\r 0 %", "\r 50 %", "\r 100 %", "\n", "next\nunfinished"):
        tee.write(text)
    assert terminal.getvalue() == "\r 0 %\r 50 %\r 100 %\nnext\nunfinished"
    assert log.getvalue() == " 100 %\nnext\n"
    tee.finish()
    assert log.getvalue() == " 100 %\nnext\nunfinished\n"


def test_threads_and_matplotlibs_backend_are_set_before_the_body_runs(frame, job, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # a notebook's
    with frame.job(job):
        for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
            assert os.environ[f"{library}_NUM_THREADS"] == "3"
        assert os.environ["MPLBACKEND"] == "agg"


@pytest.mark.parametrize(
    "error", [SettingsError("the seed is blue."), OSError(28, "No space left on device", "a.csv")]
)
def test_a_users_mistake_is_one_sentence_with_the_traceback_in_the_log(frame, job, capsys, error):
    with pytest.raises(SystemExit) as end, frame.job(job):
        raise error
    assert end.value.code == 1
    assert capsys.readouterr().err == f"\nError in train: {error}\n"
    assert "Traceback" in log_of(job) and str(error) in log_of(job)


def test_a_defect_shows_its_traceback(frame, job, capsys):
    with pytest.raises(SystemExit) as end, frame.job(job):
        raise ZeroDivisionError("by zero")
    assert end.value.code == 1
    assert "Traceback" in capsys.readouterr().err
    assert "ZeroDivisionError: by zero" in log_of(job)


def test_an_interruption_shows_no_traceback(frame, job, capsys):
    with pytest.raises(SystemExit) as end, frame.job(job):
        raise KeyboardInterrupt
    assert end.value.code == 130
    assert capsys.readouterr().err == "\ntrain was interrupted.\n"


@pytest.mark.parametrize("gathered", [False, True])
def test_a_rule_calls_its_function_by_keywords(monkeypatch, tmp_path, gathered):
    seen = {}
    monkeypatch.setattr("strsbp.files.write_text", lambda **given: seen.update(given))
    params = dict(function="strsbp.files.write_text", files={"claims": "a.yaml"}, code="0", n=3)
    job = SimpleNamespace(
        params=params | (dict(gathered="tables") if gathered else {}),
        input=dict(arms="arms.csv"), output=dict(out="out.csv"),
    )  # fmt: skip
    call(job, tmp_path)
    inputs = dict(arms="arms.csv")
    expected = dict(claims=tmp_path / "a.yaml", n=3, out="out.csv")
    assert seen == expected | (dict(tables=inputs) if gathered else inputs)
