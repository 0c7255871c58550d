"""The claims in short, for the terminal.

    python -m strsbp.study.report.terminal results/quick/judge_claims/claims.csv

prints one line per claim and where the report is.
"""

import argparse
import shutil
import sys
import textwrap
from pathlib import Path

from strsbp.errors import StrsbpError
from strsbp.study.claims import Verdict, read_judged
from strsbp.study.claims.units import format_value


def summary(claims_csv: str | Path, report: str | Path, *, width: int = 100) -> str:
    """The claims table in short, at most `width` columns wide, and where the report is.

    Raises `ResultsError` when the claims file is missing or malformed.
    """
    claims = read_judged(claims_csv)
    rows = [
        (
            row["verdict"],
            format_value(row["published"], row["unit"]),
            format_value(row["measured"], row["unit"]),
            # A terminal might interpret control characters.
            "".join(
                one if one.isprintable() else "\N{REPLACEMENT CHARACTER}"
                for one in row["statement"]
            ),
        )
        for row in claims.to_dict("records")
    ]
    rows.insert(0, ("verdict", "published", "measured", "claim"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    left = max(24, width - sum(widths) - 2 * len(widths))
    lines = []
    for *cells, claim in rows:
        cells = [cell.ljust(size) for cell, size in zip(cells, widths, strict=True)]
        lines.append("  ".join([*cells, textwrap.shorten(claim, left, placeholder="…")]))
    counts = claims["verdict"].value_counts().reindex(list(Verdict)).dropna()
    total = ", ".join(f"{verdict}: {count:.0f}" for verdict, count in counts.items())
    return "\n".join([*lines, "", f"{len(claims)} claims; {total}.", f"Report: {report}"])


def main(arguments: list[str] | None = None) -> int:
    """Command line; after an error, which is printed in one sentence, the exit status is 1."""
    parser = argparse.ArgumentParser(
        prog="python -m strsbp.study.report.terminal", description=__doc__
    )
    parser.add_argument("claims", type=Path, help="results/<profile>/judge_claims/claims.csv")
    parser.add_argument(
        "report", type=Path, nargs="?", help="default: results/<profile>/report.html"
    )
    options = parser.parse_args(arguments)
    report = options.report or options.claims.parent.parent / "report.html"
    try:
        text = summary(options.claims, report, width=shutil.get_terminal_size((100, 24)).columns)
    except StrsbpError as error:
        print(error, file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
