"""Measured numbers as text, in the closed set of units of the claims."""

import math
from typing import Literal

Unit = Literal["error", "points", "share", "factor", "number"]
"""`error`: a fraction shown in per cent; `points`: a difference of two errors, shown in
percentage points; `share`: a share of runs; `factor`: a ratio; `number`: anything else."""


def format_value(value: float | None, unit: Unit) -> str:
    """`value` with its unit, such as `8.24 %`; an unknown value is a dash."""
    if value is None or math.isnan(value):
        return "–"
    if unit == "error":
        return f"{100 * value:.2f} %"
    if unit == "points":
        return f"{_percent(value):+.2f} points".replace("-", "−")
    if unit == "share":
        return f"{100 * value:.0f} % of runs"
    text = f"{value:{'.3g' if unit == 'factor' else '.4g'}}".replace("-", "−")
    return f"{text} ×" if unit == "factor" else text


def format_interval(low: float | None, high: float | None, unit: Unit) -> str:
    """`[low, high]` without the unit's name, or nothing if there is no interval."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    if unit in ("error", "points"):
        sign = "+" if unit == "points" else ""
        return f"[{_percent(low):{sign}.2f}, {_percent(high):{sign}.2f}]".replace("-", "−")
    if unit == "share":
        return f"[{100 * low:.0f}, {100 * high:.0f}]"
    return f"[{low:.4g}, {high:.4g}]".replace("-", "−")


def format_measured(value, low, high, unit: Unit) -> str:
    """A value in its unit, followed by its interval if there is one."""
    return f"{format_value(value, unit)} {format_interval(low, high, unit)}".rstrip()


def _percent(fraction: float) -> float:
    """A fraction in per cent to two decimals, without a sign on zero."""
    return round(100 * fraction, 2) + 0.0
