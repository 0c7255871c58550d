"""The questions that the study leaves open, answered by the rules of the claims.

A question is data in `resources/questions.yaml`: what was measured, and statements that a rule
affirms or denies from measured files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from strsbp.files import write_csv
from strsbp.settings import Closed
from strsbp.study.claims.entries import Entry, judge, read_entries
from strsbp.study.claims.judging import ShownTable
from strsbp.study.claims.measurements import Tables, told
from strsbp.study.claims.rules import Context, Verdict
from strsbp.study.settings import StudySettings

WORDS = {
    Verdict.REPRODUCES: "yes",
    Verdict.PARTLY: "partly",
    Verdict.DOES_NOT: "no",
    Verdict.UNDECIDED: "undecided",
    Verdict.NOT_TESTED: "not answered at this size",
}
"""The name of each verdict where a question is answered."""

COLUMNS = [
    "id", "statement", "measured", "low", "high", "p_value", "p_adjusted", "unit", "what",
    "verdict", "reason",
]  # fmt: skip


class Statement(Entry):
    """One statement that the measurements affirm or deny."""

    lead: bool = False
    """Whether it answers the question by itself and so comes first in the report."""


class Question(Closed):
    """One question."""

    id: Annotated[str, Field(pattern=r"^Q[0-9]+$")]
    question: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1)]
    """What was measured and how; without results, which come from the statements."""
    statements: Annotated[list[Statement], Field(min_length=1)]
    figures: list[str] = []
    tables: list[ShownTable] = []


def load_questions(path: str | Path, values: Mapping[str, Any] | None = None) -> list[Question]:
    """Read and check a questions file, as `read_entries` does."""
    return read_entries("questions", Question, path, values)


def judge_questions(
    *,
    questions: str | Path,
    tables: Mapping[str, str | Path],
    out: str | Path,
    study: StudySettings | dict | None = None,
) -> None:
    """Judge every statement by the results files `tables`; write `out` (csv), one row for each.

    The paired tests of a question share Holm's correction. Placeholders may name the `study`.
    Raises `ClaimsError` when the file is malformed or does not fit the results, or if a placeholder
    names nothing.
    """
    results, values = Tables(tables), {}
    if study is not None:
        values = dict(study=StudySettings.model_validate(study))
    rows = []
    for question in load_questions(questions, values):
        tests = [test for one in question.statements for test in one.rule.tests()]
        adjusted = results.adjusted(tests)
        for one in question.statements:
            with told(f"Question {question.id}"):
                context = Context(results, None, one.unit, adjusted)
                judged = judge(one.rule, one.needs, context, one.counted)
            described = dict(id=question.id, statement=one.statement, unit=one.unit)
            rows.append(described | judged._asdict() | dict(verdict=WORDS[judged.verdict]))
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
