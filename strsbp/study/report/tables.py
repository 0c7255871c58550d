"""Tables of the report: results files, with the words and units of words.yaml."""

import re
from typing import NamedTuple

import pandas as pd

from strsbp.study.claims.entries import ShownTable
from strsbp.study.claims.units import format_measured
from strsbp.study.report.results import Results
from strsbp.study.report.text import packaged, symbols

NUMBER = re.compile(r"–?|[−+]?[\d.,]+(\W(%|points|×|s|min|h))?(\s\[.*\])?")
"""A cell that is aligned right."""
IDENTIFIER = re.compile("[a-z0-9_]+")


class Table(NamedTuple):
    """A table of the report; cells are text or safe HTML. The first column heads the rows."""

    caption: str
    name: str
    """The results file that it shows; empty if it is none."""
    headers: list[str]
    rows: list[list]

    @classmethod
    def of(cls, caption: str, name: str, rows: list[dict]) -> "Table":
        """The table of `rows` (header: cell)."""
        return cls(caption, name, list(rows[0]) if rows else [], [[*row.values()] for row in rows])

    @property
    def numeric(self) -> set[int]:
        """Columns that are aligned right."""
        columns = enumerate(zip(*self.rows, strict=True))
        return {n for n, cells in columns if all(NUMBER.fullmatch(str(cell)) for cell in cells)}


def shown(one: ShownTable, results: Results, frame: pd.DataFrame | None = None) -> Table:
    """The results file `one`, or the rows `frame` of it, in words and units."""
    if frame is None:
        frame = results.table(one.table, *one.columns, *one.where)
    for column, value in one.where.items():
        frame = frame[frame[column] == value]
    words = packaged("words.yaml")
    # `low` and `high` belong to the first of these.
    main = next((name for name in ("mean", "difference", "value") if name in frame), "")
    other_unit = "number" if main in one.columns else one.unit
    units = words["units"] | {main: one.unit}
    names = results.titles | words["values"]

    def cell(row: dict, column: str):
        """The value in a column as text, with its interval if there is one."""
        value, unit = row[column], units.get(column, other_unit)
        if column in words["switches"]:
            return "yes" if value else "no"
        if isinstance(value, str):
            named = names.get(value, value)
            return symbols(named.replace("_", " ") if IDENTIFIER.fullmatch(named) else named)
        if isinstance(value, int) or (unit == "number" and value.is_integer()):
            return f"{value:,.0f}"
        start = "" if column == main and "low" in row else f"{column}_"
        ends = row.get(f"{start}low"), row.get(f"{start}high")
        return symbols(format_measured(value, *ends, unit))

    headings = words["headings"]
    headers = [headings.get(name, name.replace("_", " ").capitalize()) for name in one.columns]
    rows = [[cell(row, column) for column in one.columns] for row in frame.to_dict("records")]
    return Table(one.caption, one.table, [symbols(header) for header in headers], rows)
