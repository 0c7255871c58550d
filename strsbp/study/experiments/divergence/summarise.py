"""Fig. 4 explained: do runs fail because of tau_m's dynamics or of its effect-ratio table?

Every tau_m is trained with its own table and with that of tau_m = 64. Both have the same dynamics.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from strsbp.files import write_csv
from strsbp.study.claims.measurements import Tables
from strsbp.study.claims.units import format_interval, format_value

COLUMNS = [
    "own", "other", "title", "n_own", "n_other", "failed_own", "failed_other", "at_epoch",
    "difference", "low", "high", "n_pairs", "cause", "sentence",
]  # fmt: skip
FAILED_ABOVE = 0.5
"""A run failed if a weight is not finite or its last test error is above this; chance is 0.9."""


def summarise_divergence(
    *,
    runs: str | Path,
    pairs: str | Path,
    own: Sequence[str],
    other: Sequence[str],
    at_epoch: int,
    out: str | Path,
) -> None:
    """Compare the arms `own[k]` (own table) and `other[k]` (the common table); write `out`.

    An arm in both lists has only the common table and is left out. `cause` is `dynamics` (runs
    fail with either table), `table` (only with their own), `other table` (only with the common
    one), `none` (no run fails), or empty if an arm was not run, or if the arm in both lists
    fails too (the runs are then too small to tell).
    """
    tables = Tables(dict(runs=runs, pairs=pairs))
    both = [a for a, b in zip(own, other, strict=True) if a == b]
    too_small = any(_failures(tables, arm)[0] for arm in both)
    rows = [
        _row(tables, a, b, at_epoch, too_small) for a, b in zip(own, other, strict=True) if a != b
    ]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _failures(tables: Tables, arm: str) -> tuple[int, pd.DataFrame]:
    """How many runs of an arm failed, and all its runs."""
    runs = tables.frame("runs")
    runs = runs[runs["arm"] == arm]
    return int((runs["diverged"].notna() | (runs["last_test_error"] > FAILED_ABOVE)).sum()), runs


def _row(tables: Tables, own: str, other: str, at_epoch: int, too_small: bool) -> dict:
    failed, sets = zip(*(_failures(tables, arm) for arm in (own, other)), strict=True)
    counts = [len(found) for found in sets]
    title = sets[0]["title"].iloc[0] if counts[0] else own
    row = dict(
        own=own, other=other, title=title, n_own=counts[0], n_other=counts[1],
        failed_own=failed[0], failed_other=failed[1],
    )  # fmt: skip
    pair = tables.pair(own, other, at_epoch, "last_test_error")
    if pair is not None:
        row |= {key: pair[key] for key in ("at_epoch", "difference", "low", "high", "n_pairs")}
    cause, sentence = _cause(title, counts, failed, too_small)
    return row | dict(cause=cause, sentence=f"{sentence} {_difference(row)}".strip())


def _cause(title: str, counts, failed, too_small: bool) -> tuple[str, str]:
    if not all(counts):
        return "", f"{title} was not trained with both tables."
    own = f"{failed[0]} of {counts[0]} runs fail with its own table"
    other = f"{failed[1]} of {counts[1]} with the table of 64"
    if too_small:
        return "", (
            f"{title}: {own}, {other}, but so does tau_m = 64, so that these runs are too small to "
            "tell."
        )
    causes = {
        (True, True): ("dynamics", "so it is the dynamics"),
        (True, False): ("table", "so it is the table"),
        (False, True): ("other table", "so its own table is what its dynamics need"),
        (False, False): ("none", "so there is no divergence to explain"),
    }
    cause, meaning = causes[failed[0] > 0, failed[1] > 0]
    return cause, f"{title}: {own}, {other}, {meaning}."


def _difference(row: dict) -> str:
    if not row.get("n_pairs"):
        return ""
    interval = format_interval(row["low"], row["high"], "points")
    difference = f"{format_value(row['difference'], 'points')} {interval}".strip()
    text = f"Its own table minus that of 64, last test error after epoch {row['at_epoch']}:"
    if pd.isna(row["low"]):
        return f"{text} {difference}; no interval without seeds that differ."
    beyond = row["low"] > 0 or row["high"] < 0
    return f"{text} {difference}; {'a' if beyond else 'no'} difference beyond chance."
