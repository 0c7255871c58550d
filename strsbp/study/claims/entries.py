"""The files of claims, findings and questions, read and checked.

A statement holds the keys of its rule (or has them in `rule`). A rule with a `subject` is `within`
unless its `kind` says otherwise; `rules` are parts, all of which must hold. Two keys save
repetition:

- `given` holds keys of all rules below it (`table`, `where`, `at_epoch` and so on), and `unit` and
  `needs` of all statements below it. The nearest value applies; mappings such as `where` are merged
  key by key, but below another `table`, `where`, `over` and `column` start anew.
- `each: {COLUMN: {VALUE: WORDS}}` repeats its entry for every VALUE, which its rules select in that
  COLUMN; in its texts, `{{ COLUMN }}` stands for the WORDS, or for the VALUE if it has none.

A `statement`, `subject`, `note` or `caption` takes its numbers from placeholders (Jinja), which
name keys of its entry or above: `{{ where.grid }}`, `{{ needs.epochs }}`, `{{ high | percent }}`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from jinja2 import Environment, StrictUndefined, TemplateError
from pydantic import Field, create_model

from strsbp.errors import ClaimsError, SettingsError, StrsbpError
from strsbp.files import ResultsError, read_yaml
from strsbp.settings import Closed, checked
from strsbp.study.claims.measurements import TableName
from strsbp.study.claims.rules import KINDS, AnyRule, PairedDiffers
from strsbp.study.claims.units import Unit
from strsbp.study.loading import merged

TEXTS = ("statement", "subject", "note", "caption")
OF_STATEMENTS = ("unit", "needs")
"""Keys of a statement, rather than of its rule, that `given` may hold."""
OF_RULES = {key for kind in KINDS.values() for key in kind.model_fields} - {"unit"}


def _plural(number: float, noun: str) -> str:
    return f"{number:,g} {noun}{'' if f'{number:g}' == '1' else 's'}"


JINJA = Environment(undefined=StrictUndefined)
JINJA.filters |= dict(
    number=lambda value: f"{value:,g}",
    percent=lambda value: f"{100 * value:g} %",
    error=lambda value: f"{100 * value:.2f} %",
    points=lambda value: _plural(100 * value, "point"),
    plural=_plural,
)


SIZES = {
    "n_train": "training images",
    "n_test": "test images",
    "epochs": "epochs",
    "n_seeds": "seeds",
    "n_runs": "runs",
    "repeats": "repeats",
}
"""What `needs` may count, in words. It is looked up in the columns of the measured row, then among
the other quantities of its table, then in the table `arms` (where `at_epoch` is the epochs)."""
Needs = dict[Literal[*SIZES], Annotated[int, Field(ge=1)]]
Text = Annotated[str, Field(min_length=1)]


class Effect(PairedDiffers):
    """The test error of an arm without a finding's deviation minus that of an arm with it."""

    kind: Literal["paired_differs"] = "paired_differs"
    at_epoch: Annotated[int, Field(ge=1)] = 10
    margin: float = 0
    needs: Needs


class Statement(Closed):
    """A statement that a rule judges: a claim of the study, in our words, a finding about the
    published program, or an answer to a question."""

    id: str = ""
    place: str = ""
    """Section and figure of the study, or part of the published program."""
    statement: Text
    published: float | None = None
    """The number that the study gives, in `unit`; a fraction for an error."""
    unit: Unit = "number"
    needs: Needs = {}
    """The smallest sizes that can judge it; without them any run can."""
    rule: AnyRule
    note: str = ""
    """How it is interpreted, if its text leaves a choice."""
    lead: bool = False
    """Whether it answers its question by itself and so comes first in the report."""
    effects: list[Effect] = []


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
    """Statements that the report shows together, or a question that they answer."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    title: Text
    text: str = ""
    """What else a reader should know: what was measured and how; no results."""
    answer: dict[str, str] = {}
    """The answer for each verdict on the claim `of`, and what follows any of them (`then`)."""
    figures: list[str] = []
    more: list[str] = []
    """Figures that are folded."""
    tables: list[ShownTable] = []
    quoted: dict[str, float | str] = {}
    """Numbers that the study gives, for placeholders."""
    statements: Annotated[list[Statement], Field(min_length=1)]
    """Their paired tests share Holm's correction."""

    def leads(self, judged: list[dict]) -> list[dict]:
        """The judged statements that answer the question by themselves, or else the first."""
        leads = [one.statement for one in self.statements if one.lead]
        return [one for one in judged if one["statement"] in leads] or judged[:1]


def load_topics(path: str | Path, values: Mapping[str, Any] | None = None) -> list[Topic]:
    """The topics of a file of claims or questions, as `_read` reads them."""
    topics = _read("topics", Topic, path, values)
    _check_ids([one for topic in topics for one in topic.statements if one.id], path)
    return topics


def load_findings(path: str | Path, values: Mapping[str, Any] | None = None) -> list[Statement]:
    """The findings of a file, as `_read` reads them."""
    return _read("statements", Statement, path, values)


def published_value(path: str | Path, claim_id: str) -> float:
    """The published number of one claim, for marking it in a figure."""
    for topic in load_topics(path):
        for claim in topic.statements:
            if claim.id == claim_id and claim.published is not None:
                return claim.published
    raise ClaimsError(f"{path} has no claim '{claim_id}' with a published value.")


def _read(key: str, entry: type[Closed], path: str | Path, values: Mapping | None) -> list:
    """The entries of the YAML file `path`, which are a list under its only `key`.

    With `values`, which placeholders may name, too, texts are filled in. Raises `ClaimsError`, also
    if two entries have the same id.
    """
    file = create_model(key, __base__=Closed, **{key: Annotated[list[entry], Field(min_length=1)]})
    try:
        raw = _expanded(read_yaml(path, ClaimsError), {}, values)
        [(_, found)] = checked(file, raw, where=str(path))
    except (SettingsError, ResultsError) as error:
        raise ClaimsError(str(error)) from None
    _check_ids(found, path)
    return found


def _check_ids(entries: list, path: str | Path) -> None:
    for name, count in Counter(one.id for one in entries).items():
        if count > 1:
            raise ClaimsError(f"{path} has two entries with the id '{name}'; give each its own.")


def filled(text: str, values: Mapping[str, Any]) -> str:
    """`text` with its placeholders (Jinja, as in Snakemake's own report) filled by `values`.

    Raises `ResultsError` if a value is missing: no number is typed in.
    """
    try:
        return JINJA.from_string(text).render(values)
    except (TemplateError, StrsbpError, TypeError, ValueError) as error:
        raise ResultsError(f"The text '{text[:60]}…' cannot be filled in: {error}.") from None


def _expanded(node, given: dict, names: Mapping[str, Any] | None):
    """`node` without `given`, `each` and placeholders (these stay if `names` is None)."""
    if isinstance(node, list):
        return [
            _expanded(one, given, None if names is None else names | words)
            for part in node
            for one, words in _each(part)
        ]
    if not isinstance(node, dict):
        return node
    given = _over(given, node.get("given", {}))
    node = _with_rule({key: one for key, one in node.items() if key != "given"})
    if "kind" in node:
        kind = KINDS.get(node["kind"])
        takes = set(kind.model_fields) - {"unit"} if kind else ()
    else:
        takes = OF_STATEMENTS if "statement" in node else ("table",) if "columns" in node else ()
    node = _over({key: one for key, one in given.items() if key in takes}, node)
    texts = {key: one for key, one in node.items() if key in TEXTS}
    below = {key: one for key, one in node.items() if key not in TEXTS}
    known = None if names is None else names | dict(given=given) | below
    below = {key: _expanded(one, given, known) for key, one in below.items()}
    if names is not None:
        known |= below | below.get("rule", {})
        texts = {key: filled(one, known) for key, one in texts.items()}
    return below | texts


def _with_rule(node: dict) -> dict:
    """`node` with a rule's default `kind`; in a statement, the keys of its rule become `rule`."""
    if "statement" not in node:
        return {"kind": "within"} | node if "subject" in node else node
    rule = {key: one for key, one in node.items() if key in OF_RULES}
    if not rule or "rule" in node:
        return node
    kind = {"kind": "all_of"} if "rules" in rule else {}
    return {key: one for key, one in node.items() if key not in rule} | {"rule": kind | rule}


def _over(given: dict, nearer: dict) -> dict:
    """`given` with what stands `nearer` merged over it; a `where` holds only for its own table."""
    if nearer.get("table") not in (None, given.get("table")):
        given = {key: one for key, one in given.items() if key not in ("where", "over", "column")}
    return merged(given, nearer)


def _each(part) -> Iterator[tuple[Any, dict[str, str]]]:
    """`part`, or its copies for each value of a column, with the words that stand for the value."""
    if not isinstance(part, dict) or "each" not in part:
        yield part, {}
        return
    rest = {key: one for key, one in part.items() if key != "each"}
    for column, values in part["each"].items():
        words_of = values if isinstance(values, dict) else {value: value for value in values}
        for value, words in words_of.items():
            yield merged(rest, {"given": {"where": {column: value}}}), {column: words}
