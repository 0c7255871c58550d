"""Measured numbers as text, in the closed set of units of the claims."""

import math
from typing import Literal

Unit = Literal["error", "points", "share", "factor", "number"]
"""`error`: a fraction shown in per cent; `points`: a difference of two errors, shown in
percentage points; `share`: a share of runs; `factor`: a ratio; `number`: anything else."""

_SHOWN = {
    "error": (100, ".2f", " %"),
    "points": (100, "+.2f", " points"),
    "share": (100, ".0f", " % of runs"),
    "factor": (1, "#.3g", " ×"),
    "number": (1, ".4g", ""),
}
"""Multiple, format and name of each unit."""


def format_value(value: float | None, unit: Unit) -> str:
    """`value` with its unit, such as `8.24 %`; an unknown value is a dash."""
    if value is None or math.isnan(value):
        return "–"
    multiple, form, name = _SHOWN[unit]
    return _signed(multiple * value, form) + name


def format_measured(value, low: float | None, high: float | None, unit: Unit) -> str:
    """A value in its unit, followed by its interval, such as `[8.00, 9.00]`, if there is one."""
    text = format_value(value, unit)
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return text
    multiple, form, _ = _SHOWN[unit]
    return f"{text} [{_signed(multiple * low, form)}, {_signed(multiple * high, form)}]"


def _signed(number: float, form: str) -> str:
    """`number` with a minus sign, rounded first to the digits of the results files."""
    number = float(f"{number:.9g}") if abs(number) > 1e-12 else 0.0
    return f"{number:{form}}".rstrip(".").replace("-", "−")
