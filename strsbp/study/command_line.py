"""Snakemake's command line, checked where Snakemake itself would end with a traceback."""

import sys
from collections.abc import Sequence
from pathlib import Path

SUFFIXES = (".yaml", ".yml", ".json")


def not_config_files(words: Sequence[str]) -> list[str]:
    """The words after ``--configfile`` that are not config files; it takes all up to a flag."""
    found, taking = [], False
    for word in words:
        if word.startswith("-"):
            taking = word in ("--configfile", "--configfiles")
        elif taking and not (Path(word).is_file() and Path(word).suffix in SUFFIXES):
            found.append(word)
    return found


def check() -> None:
    """End with one sentence if a target, or anything else, was taken for a config file."""
    words = not_config_files(sys.argv[1:])
    if words:
        sys.exit(
            f"Error: '{words[0]}' is not a config file, but --configfile takes all words after "
            "it for config files; name targets first: snakemake TARGET --configfile FILE."
        )
