"""The files of claims, findings and questions, read and judged.

A statement holds the keys of its rule (or has them in `rule`). A rule with a `subject` is `within`
unless its `kind` says otherwise; `rules` are parts, all of which must hold. Two keys save
repetition:

- `given` holds keys of all rules below it (`table`, `where`, `at_epoch` and so on), and `unit` and
  `needs` of all statements below it. What stands nearer wins; mappings such as `where` are merged
  key by key, unless another `table` stands nearer.
- `each: {COLUMN: {VALUE: WORDS}}` repeats its entry for every VALUE, which its rules select in that
  COLUMN; in its texts, `{{ COLUMN }}` stands for the WORDS. A list of values has no words.

A `statement`, `subject`, `note` or `caption` takes its numbers from placeholders (Jinja), which
name keys of its entry or above: `{{ where.grid }}`, `{{ needs.epochs }}`, `{{ high | percent }}`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from jinja2 import Environment, StrictUndefined, TemplateError
from pydantic import Field, create_model

from strsbp.errors import ClaimsError, SettingsError, StrsbpError
from strsbp.files import ResultsError, read_yaml
from strsbp.settings import Closed, checked
from strsbp.study.claims.measurements import Measure, Tables
from strsbp.study.claims.rules import KINDS, AnyRule, Context, Judgement, Verdict
from strsbp.study.claims.units import Unit
from strsbp.study.loading import merged

TEXTS = ("statement", "subject", "note", "caption")
OF_STATEMENTS = ("unit", "needs", "counted")
"""Keys of a statement, rather than of its rule, that `given` may hold."""
OF_RULES = {key for kind in KINDS.values() for key in kind.model_fields} - {"unit"}

JINJA = Environment(undefined=StrictUndefined)
JINJA.filters |= dict(
    number=lambda value: f"{value:,g}",
    percent=lambda value: f"{100 * value:g} %",
    error=lambda value: f"{100 * value:.2f} %",
    points=lambda value: f"{100 * value:g} points",
)


SIZES = {
    "n_train": "training images",
    "n_test": "test images",
    "epochs": "epochs",
    "n_seeds": "seeds",
    "n_runs": "seeds",
    "repeats": "repeats",
}
"""What `needs` may count, in words. It is looked up in the columns of the measured row, then among
the other quantities of its table, then in the table `arms` (where `at_epoch` is the epochs)."""
DATASET = "mnist"
"""The data set of arms that can judge what the study says."""
Needs = dict[Literal[*SIZES], Annotated[int, Field(ge=1)]]


class Entry(Closed):
    """A statement that a rule judges."""

    statement: Annotated[str, Field(min_length=1)]
    unit: Unit = "number"
    needs: Needs = {}
    """The smallest sizes that can judge it; without them any run can."""
    counted: dict[str, str | int | float | None] = {}
    """The row of the rule's table in which they are counted, if it is not what was measured."""
    rule: AnyRule


def judge(rule: AnyRule, needs: Needs, context: Context, counted: dict | None = None) -> Judgement:
    """The verdict by `rule`; if it rests on less than it `needs`, only what was measured."""
    judged, tables = rule.judge(context), context.tables
    if not needs or judged.verdict is Verdict.NOT_TESTED:
        return judged
    measures = rule.measures()
    if counted:
        measures = [Measure(table=measures[0].table, where=counted).changed({})]
    rows = [tables.select(one.table, one.where) for one in measures]
    found = smallest(rows)
    for one in measures:
        for name in set(needs) - set(found) if "quantity" in one.where else ():
            if beside := tables.measure(one.changed({"quantity": name})):
                found[name] = beside.value
    if set(needs) - set(found):
        arms = rows_of_arms(rule, needs, tables)
        if isinstance(arms, str):
            return judged.unless(f"a measurement of the arm {arms}")
        rows += arms
        found |= smallest(rows)
    lacks = [
        f"{wanted:,g} {SIZES[name]} (here {f'{found[name]:,g}' if name in found else 'none'})"
        for name, wanted in needs.items()
        if found.get(name, 0) < wanted
    ]
    other = {row["dataset"] for row in rows if row is not None and "dataset" in row} - {DATASET}
    lacks += [f"the data set {DATASET} (here {name})" for name in sorted(other)]
    return judged.unless(", ".join(lacks))


def rows_of_arms(rule: AnyRule, needs: Needs, tables: Tables) -> list[pd.Series] | str:
    """The row of the table `arms` of each arm of a rule, or the name of one that has none."""
    rows = []
    for arm, at_epoch in rule.arms():
        at_epoch = at_epoch or needs.get("epochs", 1)
        where = dict(arm=arm, quantity="best_test_error", at_epoch=at_epoch)
        rows.append(tables.select("arms", where))
        if rows[-1] is None:
            return arm
    return rows


def smallest(rows: list[pd.Series | None]) -> dict[str, float]:
    """The smallest of each of the `SIZES` that the rows have; a diverged run counts as a seed."""
    frame = pd.DataFrame([row for row in rows if row is not None])
    if {"n_seeds", "n_diverged"} <= set(frame):
        frame["n_seeds"] += frame["n_diverged"].fillna(0)
    if "at_epoch" in frame:
        frame["epochs"] = frame["at_epoch"]
    sizes = frame.reindex(columns=list(SIZES)).min()
    return sizes.dropna().to_dict()


def read_entries(
    key: str, entry: type[Closed], path: str | Path, values: Mapping[str, Any] | None = None
) -> list:
    """The entries of the YAML file `path`, which are a list under its only key.

    With `values`, which placeholders may name, too, texts are filled in. Raises `ClaimsError`, also
    if two entries have the same id.
    """
    file = create_model(key, __base__=Closed, **{key: Annotated[list[entry], Field(min_length=1)]})
    try:
        raw = _expanded(read_yaml(path, ClaimsError), {}, values)
        [(_, found)] = checked(file, raw, where=str(path))
    except (SettingsError, ResultsError) as error:
        raise ClaimsError(str(error)) from None
    check_ids(found, path)
    return found


def check_ids(entries: list, path: str | Path) -> None:
    """Raises `ClaimsError` if two entries have the same id."""
    [(name, count)] = Counter(one.id for one in entries).most_common(1)
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
