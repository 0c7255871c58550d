"""Fig. 4 explained: do runs fail because of tau_m's dynamics or of its effect-ratio table?

Every tau_m is trained with its own table and with that of tau_m = 64. Both have the same dynamics.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from strsbp.files import write_csv
from strsbp.study.claims.measurements import Pair, Tables
from strsbp.study.claims.rules import FAILED_ABOVE

COLUMNS = [
    "own", "other", "title", "n_own", "n_other", "failed_own", "failed_other", "at_epoch",
    "difference", "low", "high", "p_value", "p_adjusted", "n_pairs", "cause",
]  # fmt: skip
CAUSES = {
    (True, True): "dynamics",
    (True, False): "table",
    (False, True): "other table",
    (False, False): "no run failed",
}
"""By whether runs fail with their own table, and with the common one."""


def summarise_divergence(
    *,
    runs: str | Path,
    pairs: str | Path,
    panels: Mapping[str, Sequence[str]],
    at_epoch: int,
    out: str | Path,
) -> None:
    """Compare the two lists of `panels`: arms with their own table and with the common one.

    An arm in both lists has only the common table and is left out. `cause` is one of `CAUSES`, or
    empty if an arm was not run, or if the arm in both lists fails too (the runs are then too small
    to tell). The differences of last test errors (own minus other) are one family of paired tests.
    """
    tables = Tables(dict(runs=runs, pairs=pairs))
    frame = tables.frame("runs")
    failed = frame["diverged"].notna() | (frame["last_test_error"] > FAILED_ABOVE)
    by_arm = frame.assign(failed=failed).groupby("arm")["failed"].agg(["size", "sum"])
    titles = dict(zip(frame["arm"], frame["title"], strict=True))
    own, other = panels.values()
    compared = [(a, b) for a, b in zip(own, other, strict=True) if a != b]
    common = {a for a, b in zip(own, other, strict=True) if a == b}
    too_small = by_arm["sum"][by_arm.index.isin(common)].any()
    adjusted = tables.adjusted(Pair(*arms, at_epoch, "last_test_error") for arms in compared)
    rows = []
    for arms in compared:
        (n_own, failed_own), (n_other, failed_other) = by_arm.reindex(arms, fill_value=0).to_numpy()
        row = dict(
            own=arms[0], other=arms[1], title=titles.get(arms[0], arms[0]), n_own=n_own,
            n_other=n_other, failed_own=failed_own, failed_other=failed_other,
        )  # fmt: skip
        if n_own and n_other and not too_small:
            row["cause"] = CAUSES[failed_own > 0, failed_other > 0]
        test = Pair(*arms, at_epoch, "last_test_error")
        pair = tables.pair(*test[:-1])
        if pair is not None:
            row |= pair[pair.index.intersection(COLUMNS)].to_dict()
            row["p_adjusted"] = adjusted.get(test)
        rows.append(row)
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
