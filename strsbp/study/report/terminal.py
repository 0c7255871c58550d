"""The claims in short, for the terminal: one line for each, and where the report is.

python -m strsbp.study.report.terminal CLAIMS.csv REPORT.html
"""

import shutil
import sys
import textwrap
from pathlib import Path

from strsbp.errors import StrsbpError
from strsbp.study.claims.judging import read_judged
from strsbp.study.claims.rules import Verdict
from strsbp.study.claims.units import format_value


def summary(claims_csv: str | Path, report: str | Path, *, width: int = 100) -> str:
    """The claims table in short, at most `width` columns wide, and where the report is.

    Raises `ResultsError` when the claims file is missing or malformed.
    """
    claims = read_judged(claims_csv)
    rows = [("verdict", "published", "measured", "claim")]
    for row in claims.to_dict("records"):
        values = (format_value(row[name], row["unit"]) for name in ("published", "measured"))
        rows.append((row["verdict"], *values, row["statement"]))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    left = max(24, width - sum(widths) - 2 * len(widths))
    lines = []
    for *cells, claim in rows:
        cells = [cell.ljust(size) for cell, size in zip(cells, widths, strict=True)]
        lines.append("  ".join([*cells, textwrap.shorten(claim, left, placeholder="…")]))
    counts = claims["verdict"].value_counts().reindex(list(Verdict)).dropna()
    total = ", ".join(f"{verdict}: {count:.0f}" for verdict, count in counts.items())
    return "\n".join([*lines, "", f"{len(claims)} claims; {total}.", f"Report: {report}"])


if __name__ == "__main__":
    try:
        print(summary(*sys.argv[1:], width=shutil.get_terminal_size((100, 24)).columns))
    except StrsbpError as error:
        sys.exit(str(error))
