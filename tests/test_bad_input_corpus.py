"""The inputs that fuzzing starts from, and those that it found: none does what it once did."""

import sys
import time
from pathlib import Path

import pytest
from bad_input import SLOW, peak_memory

FUZZ = Path(__file__).resolve().parent / "fuzz"
sys.path.append(str(FUZZ))
import targets  # noqa: E402

INPUTS = sorted(path for path in (FUZZ / "corpus").glob("*/*") if path.is_file())


def test_every_target_has_inputs_and_is_described():
    assert {path.parent.name for path in INPUTS} == set(targets.TARGETS)
    text = (FUZZ / "README.md").read_text()
    for name in targets.TARGETS:
        assert f"| `{name}` |" in text


def test_some_inputs_are_accepted(monkeypatch):
    """A target that refuses everything would test little."""
    accepted = set()
    original = targets.refused

    def noting(call):
        found = original(call)
        if found is not None:
            accepted.add(name)
        return found

    monkeypatch.setattr(targets, "refused", noting)
    for path in INPUTS:
        name = path.parent.name
        targets.TARGETS[name](path.read_bytes())
    assert accepted == set(targets.TARGETS)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_input_of_the_corpus(path):
    begin = time.process_time()
    found = peak_memory(lambda: targets.TARGETS[path.parent.name](path.read_bytes()))
    assert found < 64 << 20 and time.process_time() - begin < SLOW
