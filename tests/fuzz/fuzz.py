"""Fuzz one target: `python tests/fuzz/fuzz.py TARGET [folders of inputs] [libFuzzer options]`."""

import sys
import warnings
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]
warnings.simplefilter("error")

# Only what takes the decisions is instrumented: with numpy and pandas it would start for minutes.
INSTRUMENTED = ["strsbp", "yaml", "zipfile", "gzip", "json", "targets"]
with atheris.instrument_imports(include=INSTRUMENTED):
    import targets


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in targets.TARGETS:
        sys.exit(f"Name one of {', '.join(targets.TARGETS)}.")
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
