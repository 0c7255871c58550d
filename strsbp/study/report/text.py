"""Text of the report: captions, symbols and numbers as safe HTML."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from docutils.core import publish_parts
from docutils.utils import SystemMessage
from markupsafe import Markup, escape

from strsbp.files import ResultsError
from strsbp.study.claims.entries import filled
from strsbp.study.claims.units import format_measured, format_value

_SYMBOL = re.compile(r"(?<!\w)(tau|e|o|s|t|D|a|w)_(m|s|ij|i|j|ref)(?!\w)")


def symbols(text) -> Markup:
    """`text`, escaped, with symbols such as e_ij set as mathematics, and `code` as code."""
    # Non-breaking spaces between numbers and units, and within intervals.
    text = re.sub(r"(?<=\d) (?=[%×]|points|epochs|mV|ms)", "\u00a0", str(escape(text)))
    text = re.sub(r"(\[[^\]]*,) ", "\\1\u00a0", text)
    text = _SYMBOL.sub(r"<i>\1</i><sub>\2</sub>", text)
    text = re.sub("`([^`]+)`", r"<code>\1</code>", text)
    return Markup(text.replace("<i>tau</i>", "<i>τ</i>"))


def numbers(row: dict) -> dict[str, str]:
    """The numbers of a judged claim or finding as text, for the sentences that depend on them."""
    value, low, high, unit = (row[name] for name in ("measured", "low", "high", "unit"))
    size = (abs(value), *sorted((abs(low), abs(high)))) if value < 0 else (value, low, high)
    published = row.get("published", float("nan"))
    return dict(
        value=format_value(value, unit),
        measured=format_measured(value, low, high, unit),
        size=format_measured(*size, unit).replace("+", ""),
        short=f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}",
        published=format_value(published, unit),
        published_size=format_value(abs(published), unit).lstrip("+"),
    )


def duration(seconds: float) -> str:
    """Seconds in a suitable unit: `41 s`, `12.3 min` or `5.2 h`."""
    if seconds != seconds:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def caption(path: Path, values: Mapping[str, Any]) -> Markup:
    """The caption in `path` (reStructuredText, as Snakemake's own report reads it) as HTML, with
    the numbers among `values`.

    Raises `ResultsError`, which names its `path`, when it is malformed.
    """
    source = filled(path.read_text(encoding="utf-8"), values)
    settings = dict(
        raw_enabled=False, file_insertion_enabled=False, halt_level=2, report_level=5,
        syntax_highlight="none", math_output="MathML",
    )  # fmt: skip
    try:
        parts = publish_parts(source, writer="html5", settings_overrides=settings)
    except SystemMessage as error:
        raise ResultsError(f"The caption file {path} is malformed: {error}.") from None
    # Only text has symbols, tags have none.
    return Markup(re.sub(r"(?<=>)[^<]+", lambda text: symbols(Markup(text[0])), parts["body"]))


def packaged(name: str):
    """The content of a YAML file of this package."""
    return yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def all_filled(node, values: Mapping[str, Any]):
    """`node`, plain data, with all its texts filled in."""
    if isinstance(node, dict):
        return {key: all_filled(one, values) for key, one in node.items()}
    if isinstance(node, list):
        return [all_filled(one, values) for one in node]
    return filled(node, values) if isinstance(node, str) else node
