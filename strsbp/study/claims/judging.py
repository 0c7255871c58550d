"""The claims of the study, and their verdicts from measured files.

A claim is data in `resources/claims.yaml`, under the topic that it belongs to.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from strsbp.errors import ClaimsError
from strsbp.files import numbers, read_csv, write_csv
from strsbp.settings import Closed
from strsbp.study.claims.entries import (
    Entry,
    check_ids,
    judge,
    read_entries,
    rows_of_arms,
    smallest,
)
from strsbp.study.claims.measurements import TableName, Tables, told
from strsbp.study.claims.rules import Context, Verdict
from strsbp.study.claims.units import Unit

MEASURED = [
    "measured", "low", "high", "p_value", "p_adjusted", "n_train", "n_test", "epochs", "n_seeds",
]  # fmt: skip
"""Columns of what a claim rests on; the sizes are the smallest of its arms."""
COLUMNS = [
    "id", "place", "statement", "published", "measured", "low", "high", "unit", "what",
    "verdict", "reason", *MEASURED[3:], "other_verdicts", "note",
]  # fmt: skip
SETTINGS_COLUMNS = ["id", "setting", "title", "epoch", "verdict", *MEASURED, "reason"]
STUDY = "study"
"""The setting at which the study ran, beside the sets of arms with other settings."""
EPOCHS = {
    "best": "best_test_error",
    "last": "last_test_error",
    "validated": "validated_test_error",
}
"""Which epoch's test error is compared: the best on the test set, as in the study, the last one, or
the best on validation images."""


class Claim(Entry):
    """One claim of the study; its statement is what the study says, in our words."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    place: Annotated[str, Field(min_length=1)]
    """Section and figure of the study."""
    published: float | None = None
    """The published number, in `unit`; a fraction for an error."""
    note: str = ""
    """How the claim is interpreted, if its text leaves a choice."""


class ShownTable(Closed):
    """A results file that the report shows."""

    table: TableName
    columns: Annotated[list[str], Field(min_length=1)]
    where: dict[str, str | int | float] = {}
    """Only the rows with these values."""
    caption: str
    """What the table shows, in words."""
    unit: Unit = "number"
    """Unit of the column `mean`, `difference` or `value`; of all if none of them is shown."""


class Topic(Closed):
    """Claims that the report shows together, with the figures about them."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Annotated[str, Field(min_length=1)]
    text: str = ""
    """What else a reader should know."""
    answer: dict[str, str] = {}
    """The answer for each verdict on the claim `of` (see strsbp/study/report/answers.py)."""
    figures: list[str] = []
    more: list[str] = []
    """Figures that are folded."""
    tables: list[ShownTable] = []
    quoted: dict[str, float | str] = {}
    """Numbers that the study gives, for placeholders in texts of the claims."""
    claims: Annotated[list[Claim], Field(min_length=1)]
    """Their paired tests share Holm's correction."""


def load_topics(path: str | Path, values: Mapping[str, Any] | None = None) -> list[Topic]:
    """Read and check a claims file, as `read_entries` does."""
    topics = read_entries("topics", Topic, path, values)
    check_ids([claim for topic in topics for claim in topic.claims], path)
    return topics


def load_claims(path: str | Path, values: Mapping[str, Any] | None = None) -> list[Claim]:
    """The claims of all topics; raises `ClaimsError` in one sentence."""
    return [claim for topic in load_topics(path, values) for claim in topic.claims]


def published_value(path: str | Path, claim_id: str) -> float:
    """The published number of one claim, for marking it in a figure."""
    for claim in load_claims(path):
        if claim.id == claim_id and claim.published is not None:
            return claim.published
    raise ClaimsError(f"{path} has no claim '{claim_id}' with a published value.")


def judge_claims(
    *,
    claims: str | Path,
    tables: Mapping[str, str | Path],
    out: str | Path,
    settings_out: str | Path,
    variants: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Judge every claim of the file `claims` by the results files `tables`; write two files (csv).

    `out` has the verdict on each claim at the study's own setting, by the best epoch where the
    study gives that. `settings_out` has those of every claim that rests on trained arms for each
    setting (the study's own and the sets of arms `variants`, names and titles) and each of `EPOCHS`
    that the arms have; `other_verdicts` of `out` names those that differ.

    Raises `ClaimsError` when the claims file is malformed or does not fit the results.
    """
    topics, results = load_topics(claims, {}), Tables(tables)
    views = _judged_all(topics, results, STUDY, "")
    for name, title in variants.items():
        views += _judged_all(topics, results.seen(name), name, title)
    loaded = [claim for topic in topics for claim in topic.claims]
    by_claim = {claim.id: [view for view in views if view["id"] == claim.id] for claim in loaded}
    rows = []
    for claim in loaded:
        main, *others = by_claim[claim.id]
        described = claim.model_dump(include=set(COLUMNS))
        rows.append(described | main | dict(other_verdicts=_other_verdicts(main, others)))
    views = [view for found in by_claim.values() for view in found if len(found) > 1]
    write_csv(pd.DataFrame(rows)[COLUMNS], out)
    write_csv(pd.DataFrame(views, columns=SETTINGS_COLUMNS), settings_out)


def _judged_all(topics: list[Topic], tables: Tables, setting: str, title: str) -> list[dict]:
    """One row per claim and way to choose the epoch, at one setting."""
    rows = []
    for epoch, quantity in EPOCHS.items():
        seen = tables.seen(tables.variant, quantity)
        for topic in topics:
            adjusted = seen.adjusted(test for claim in topic.claims for test in claim.rule.tests())
            for claim in topic.claims:
                trained = bool(claim.rule.arms())
                if not trained and (setting != STUDY or epoch != "best"):
                    continue  # simulations have neither epochs nor other settings
                with told(f"Claim '{claim.id}'"):
                    arms = rows_of_arms(claim.rule, claim.needs, seen)
                    if epoch == "validated" and isinstance(arms, str):
                        continue  # arms without validation images
                    context = Context(seen, claim.published, claim.unit, adjusted)
                    judged = judge(claim.rule, claim.needs, context)
                described = dict(id=claim.id, setting=setting, title=title, epoch=epoch)
                sizes = {} if isinstance(arms, str) else smallest(arms)
                rows.append(described | sizes | judged._asdict())
    return rows


def _other_verdicts(main: dict, others: list[dict]) -> str:
    """The verdicts that differ from the main one, in words."""
    epochs: dict[tuple[str, Verdict], list[str]] = {}
    for other in others:
        verdicts = {main["verdict"], other["verdict"]}
        if len(verdicts) > 1 and Verdict.NOT_TESTED not in verdicts:
            epochs.setdefault((other["title"], other["verdict"]), []).append(other["epoch"])
    said = []
    for (title, verdict), (*first, last) in epochs.items():
        names = " or ".join(filter(None, [", ".join(first), last]))
        said.append(f"{title and f'{title}, '}by the {names} epoch: {verdict}")
    return "; ".join(said)


def read_judged(path: str | Path) -> pd.DataFrame:
    """The csv that `judge_claims` wrote; a missing text is empty, a missing number is NaN."""
    frame = read_csv(path, COLUMNS)[COLUMNS]
    for name in COLUMNS:
        if name in ("published", *MEASURED):
            frame[name] = numbers(frame, name, path)
        else:
            frame[name] = frame[name].astype(object).fillna("").astype(str)
    return frame
