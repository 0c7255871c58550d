"""The files of claims, findings and questions, read and checked.

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
from typing import Annotated, Any

from jinja2 import Environment, StrictUndefined, TemplateError
from pydantic import Field, create_model

from strsbp.errors import ClaimsError, SettingsError, StrsbpError
from strsbp.files import ResultsError, read_yaml
from strsbp.settings import Closed, checked
from strsbp.study.claims.measurements import Measure, Tables
from strsbp.study.claims.rules import KINDS
from strsbp.study.loading import merged

TEXTS = ("statement", "subject", "note", "caption")
OF_STATEMENTS = ("unit", "needs")
"""Keys of a statement, rather than of its rule, that `given` may hold."""
OF_RULES = {key for kind in KINDS.values() for key in kind.model_fields} - {"unit"}

JINJA = Environment(undefined=StrictUndefined)
JINJA.filters |= dict(
    number=lambda value: f"{value:,g}",
    percent=lambda value: f"{100 * value:g} %",
    error=lambda value: f"{100 * value:.2f} %",
    points=lambda value: f"{100 * value:g} points",
)


class Enough(Measure):
    """A minimum size for judging a statement."""

    at_least: float
    what: Annotated[str, Field(min_length=1)]
    """What is counted, in words, such as `seeds`."""


def too_small(needs: list[Enough], tables: Tables) -> str:
    """What was measured too little, in words; empty if there is enough."""
    found = [(one, tables.measure(one)) for one in needs]
    sizes = [(one.what, one.at_least, size.value if size else None) for one, size in found]
    return ", ".join(lacking(*sizes))


def lacking(*sizes: tuple[str, float, float | None]) -> list[str]:
    """The `sizes` (what is counted, wanted, found) that are too small, in words."""
    return [
        f"{wanted:,g} {what} (here {'none' if found is None else f'{found:,g}'})"
        for what, wanted, found in sizes
        if found is None or found < wanted
    ]


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
