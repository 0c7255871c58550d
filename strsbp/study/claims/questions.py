"""The questions that the study leaves open, answered by the rules of the claims.

A question is data in `resources/questions.yaml`: what was measured, and statements that a rule
affirms or denies from measured files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from strsbp.files import write_csv
from strsbp.settings import Closed
from strsbp.study.claims.judging import lacking, read_entries
from strsbp.study.claims.measurements import Measure, TableName, Tables, told
from strsbp.study.claims.rules import AnyRule, Context, Judgement, Verdict
from strsbp.study.claims.units import Unit

WORDS = {
    Verdict.REPRODUCES: "yes",
    Verdict.PARTLY: "partly",
    Verdict.DOES_NOT: "no",
    Verdict.UNDECIDED: "undecided",
    Verdict.NOT_TESTED: "not answered at this size",
}
"""The name of each verdict where a question is answered."""

COLUMNS = ["id", "statement", "measured", "low", "high", "unit", "verdict", "reason"]


class Enough(Closed):
    """A minimum size for judging a statement."""

    measure: Measure
    at_least: float
    what: Annotated[str, Field(min_length=1)]
    """What is counted, in words, such as `seeds`."""


class Statement(Closed):
    """One statement that the measurements affirm or deny."""

    statement: Annotated[str, Field(min_length=1)]
    unit: Unit = "number"
    needs: list[Enough] = []
    rule: AnyRule
    lead: bool = False
    """Whether it answers the question by itself and so comes first in the report."""


class ShownTable(Closed):
    """A results file that the report shows."""

    table: TableName
    columns: Annotated[list[str], Field(min_length=1)]
    where: dict[str, str | int | float] = {}
    """Only the rows with these values."""
    caption: str = "The numbers"
    """What the table shows, in words."""
    unit: Unit = "number"
    """Unit of the column `mean` and of its interval."""


class Question(Closed):
    """One question."""

    id: Annotated[str, Field(pattern=r"^Q[0-9]+$")]
    question: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1)]
    """What was measured and how; without results, which come from the statements."""
    statements: Annotated[list[Statement], Field(min_length=1)]
    figures: list[str] = []
    tables: list[ShownTable] = []


def load_questions(path: str | Path) -> list[Question]:
    """Read and check a questions file; raises `ClaimsError` in one sentence."""
    return read_entries("questions", Question, path)


def judge_questions(
    *, questions: str | Path, tables: Mapping[str, str | Path], out: str | Path
) -> None:
    """Judge every statement by the results files `tables`; write `out` (csv), one row for each.

    Raises `ClaimsError` when the file is malformed or does not fit the results.
    """
    results = Tables(tables)
    rows = []
    for question in load_questions(questions):
        for one in question.statements:
            with told(f"Question {question.id}"):
                judged = _judge(one, results)
            described = dict(id=question.id, statement=one.statement, unit=one.unit)
            rows.append(described | judged._asdict() | dict(verdict=WORDS[judged.verdict]))
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _judge(one: Statement, tables: Tables) -> Judgement:
    return one.rule.judge(Context(tables, None, one.unit)).unless(too_small(one.needs, tables))


def too_small(needs: list[Enough], tables: Tables) -> str:
    """What was measured too little, in words; empty if there is enough."""
    sizes = []
    for enough in needs:
        found = tables.measure(enough.measure)
        sizes.append((enough.what, enough.at_least, found.value if found else None))
    return ", ".join(lacking(*sizes))
