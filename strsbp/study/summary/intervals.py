"""Means, paired differences and other statistics with 95 % intervals, and adjusted p values."""

from typing import NamedTuple

import numpy as np
import pandas as pd

CONFIDENCE = 0.95
ALPHA = 1 - CONFIDENCE
"""A test is significant if its p, adjusted for its family, is below this."""


class Interval(NamedTuple):
    """A mean and its 95 % t-interval; `low` and `high` are NaN if none can be estimated."""

    mean: float
    low: float
    high: float


def mean_interval(values) -> Interval:
    """Mean of `values` (n,) with its two-sided 95 % t-interval.

    There is no interval for a single value or for values that are all equal: their spread says
    nothing about that of other seeds. Without any value, everything is NaN.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    # Equal differences of decimal fractions may still differ by rounding errors.
    rounding = 1e-12 * max(1.0, np.abs(values).max())
    if values.size < 2 or not np.ptp(values) > rounding:
        return Interval(mean, np.nan, np.nan)
    from scipy import stats  # here, because importing it is slow

    low, high = stats.t.interval(CONFIDENCE, values.size - 1, loc=mean, scale=stats.sem(values))
    return Interval(mean, float(low), float(high))


def paired_difference(a, b) -> tuple[Interval, float]:
    """Mean of `a - b` (both (n,), paired) with its 95 % t-interval, and the paired t-test's p.

    p is NaN wherever there is no interval (see `mean_interval`).
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    interval = mean_interval(a - b)
    if np.isnan(interval.low):
        return interval, np.nan
    from scipy import stats

    return interval, float(stats.ttest_rel(a, b).pvalue)


def share_interval(n_with: int, n: int) -> Interval:
    """The share `n_with` / `n` with its exact 95 % limits (Clopper-Pearson).

    The limits are one-sided where all or none of the `n` > 0 have the property, else two-sided.
    """
    from scipy import stats

    sides = {0: "less", n: "greater"}
    test = stats.binomtest(n_with, n, alternative=sides.get(n_with, "two-sided"))
    limits = test.proportion_ci(CONFIDENCE, method="exact")
    return Interval(n_with / n, float(limits.low), float(limits.high))


def prediction_spread(spread: float, n: int) -> float:
    """How far from the mean one more value would lie (95 %), in either direction.

    `spread`: half the width of the 95 % t-interval of the mean of `n` values.
    """
    return spread * np.sqrt(n + 1)


def p_beyond(distance: float, spread: float, n: float = np.inf) -> float:
    """Two-sided p of a value that lies `distance` beyond a border, 1 if it does not lie beyond it.

    `spread`: from the value to the end of its 95 % interval, by the t distribution of `n` values
    (normal by default). p is NaN without an interval or for a spread of 0.
    """
    if not spread > 0:
        return np.nan
    from scipy import stats

    t = max(distance, 0.0) / spread * stats.t.isf(ALPHA / 2, n - 1)
    return float(2 * stats.t.sf(t, n - 1))


def holm(p_values) -> np.ndarray:
    """p values (n,) of one family of tests, adjusted by Holm's step-down method."""
    p_values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p_values)
    adjusted = np.empty_like(p_values)
    left = np.arange(p_values.size, 0, -1)  # hypotheses not yet rejected, itself included
    adjusted[order] = np.minimum(np.maximum.accumulate(left * p_values[order]), 1.0)
    return adjusted


_SWAPPED = {"arm_a": "arm_b", "n_diverged_a": "n_diverged_b", "low": "high"}


def both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of pairs of arms, and each of them the other way round."""
    swapped = pairs.rename(columns=_SWAPPED | {b: a for a, b in _SWAPPED.items()})
    negated = ["difference", "low", "high"]
    swapped[negated] = -swapped[negated]
    return pd.concat([pairs, swapped], ignore_index=True)
