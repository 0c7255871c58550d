"""Text of the report: symbols and numbers as safe HTML."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from strsbp.study.claims.entries import filled
from strsbp.study.claims.units import format_measured, format_value

_SYMBOL = re.compile(r"(?<!\w)(tau|e|o|s|t|D|a|w)_(m|s|ij|i|j|ref)(?!\w)")


def symbols(text) -> Markup:
    """`text`, escaped, with e_ij and the like as mathematics, `code` as code, findings as links."""
    # Non-breaking spaces between numbers and units, and within intervals.
    text = re.sub(r"(?<=\d) (?=[%×]|points|epochs|mV|ms)", "\u00a0", str(escape(text)))
    text = re.sub(r"(\[[^\]]*,) ", "\\1\u00a0", text)
    text = _SYMBOL.sub(r"<i>\1</i><sub>\2</sub>", text)
    text = re.sub("`([^`]+)`", r"<code>\1</code>", text)
    if "finding" in text:  # the short "(F5)" is for what unfolds at a click, where no link may be
        text = re.sub(r"\bF[1-9]\d?\b", r'<a href="#finding-\g<0>">\g<0></a>', text)
    return Markup(text.replace("<i>tau</i>", "<i>τ</i>"))


def numbers_as_text(row: dict) -> dict[str, str]:
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
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


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
