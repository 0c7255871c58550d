"""How well an estimated gradient agrees with a true one that is known only through noise.

The true gradient G of an expected loss is seen through finite differences along random directions
u whose entries are +1 or -1, so that E[(G.u)^2] = |G|^2. The samples are split into two halves of
independent noise: f_1, f_2 are the finite differences of the halves, g_1, g_2 the estimated
gradient of the halves, projected on u. Only products of different halves are used where noise
would add up, so that

    |G|^2        = E[f_1 f_2]
    cos(g, G)    = E[(g_1 f_2 + g_2 f_1) / 2] / sqrt(E[(g_1^2 + g_2^2) / 2] E[f_1 f_2])
    G = scale g  : scale = E[g_1 f_2 + g_2 f_1] / E[g_1^2 + g_2^2]

The noise of f lowers no cosine (the attenuation is corrected for), and the noise that g shares
with f raises none. Corrected in this way a cosine is not bounded by 1 in a sample. Means, not
centred moments, serve, since a projection on u has the mean 0 by symmetry.

Where any resample of the bootstrap has E[f_1 f_2] <= 0, the truth does not stand out from its
noise, and what would be divided by it is unknown (NaN), estimate and interval alike.
"""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

RESAMPLES = 1000
"""Resamples of each bootstrap."""
UNKNOWN = (np.nan, np.nan, np.nan)


class Halves(NamedTuple):
    """Projections on D directions from each half of the samples: float64 arrays of shape (D,)."""

    first: np.ndarray
    second: np.ndarray


def _crossed(g1, g2, f1, f2, axis):
    return np.mean(g1 * f2 + g2 * f1, axis=axis) / 2


def _square(g1, g2, axis):
    return np.mean(g1 * g1 + g2 * g2, axis=axis) / 2


def _over_root(value, square):
    """value / sqrt(square), NaN where `square` is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(square > 0, value / np.sqrt(np.where(square > 0, square, np.nan)), np.nan)


def _cosine(g1, g2, f1, f2, axis=-1):
    crossed = _crossed(g1, g2, f1, f2, axis)
    return _over_root(crossed, _square(g1, g2, axis) * np.mean(f1 * f2, axis=axis))


def _cosine_difference(a1, a2, b1, b2, f1, f2, axis=-1):
    return _cosine(a1, a2, f1, f2, axis) - _cosine(b1, b2, f1, f2, axis)


def _scale(g1, g2, f1, f2, axis=-1):
    square = _square(g1, g2, axis)
    return _over_root(_over_root(_crossed(g1, g2, f1, f2, axis), square), square)


def _sign_agreement(g1, g2, f1, f2, axis=-1):
    return (np.mean(g1 * f2 > 0, axis=axis) + np.mean(g2 * f1 > 0, axis=axis)) / 2


def _moved(f1, f2, axis=-1):
    return np.mean((f1 != 0) | (f2 != 0), axis=axis)


def _reliability(f1, f2, axis=-1):
    shared = np.mean(f1 * f2, axis=axis)
    return _over_root(shared, np.mean(f1 * f1, axis=axis) * np.mean(f2 * f2, axis=axis))


def _norm(f1, f2, axis=-1):
    shared = np.mean(f1 * f2, axis=axis)
    return _over_root(shared, shared)


def _linearity(s1, s2, l1, l2, axis=-1):
    shared = np.mean(s1 * s2, axis=axis), np.mean(l1 * l2, axis=axis)
    both = np.where((shared[0] > 0) & (shared[1] > 0), shared[0] * shared[1], -1)
    return _over_root(_crossed(s1, s2, l1, l2, axis), both)


def interval(statistic: Callable, data, seed: int) -> tuple[float, float, float]:
    """`statistic` of the paired `data` with its 95 % percentile bootstrap interval.

    Three NaN where the statistic is unknown in the sample or in any resample; the interval alone
    is NaN where all resamples agree, as for data without noise.
    """
    from scipy import stats

    value = float(statistic(*data))
    if not np.isfinite(value) or min(map(len, data)) < 2:
        return UNKNOWN
    if all(np.ptp(part) == 0 for part in data):
        return value, np.nan, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)  # looked for below
        found = stats.bootstrap(
            data, statistic, confidence_level=0.95, n_resamples=RESAMPLES, method="percentile",
            paired=len(data) > 1, vectorized=True, rng=np.random.default_rng(seed),
        )  # fmt: skip
    if not np.isfinite(found.bootstrap_distribution).all():
        return UNKNOWN
    low, high = found.confidence_interval
    return value, float(low), float(high)


def describe_truth(truth: Halves, seed: int) -> dict[str, tuple[float, float, float]]:
    """What the finite differences say about themselves: (estimate, low, high) by quantity.

    `moved`: share of directions along which the loss changes at all; `reliability`: correlation of
    the halves; `norm`: |G|; `sign_agreement`: share of directions with the same sign in both
    halves. The first two are known also where the truth does not stand out from its noise.
    """
    norm = interval(_norm, truth, seed)
    signs = interval(_sign_agreement, (*truth, *truth), seed)
    return {
        "moved": (float(_moved(*truth)), np.nan, np.nan),
        "reliability": interval(_reliability, truth, seed),
        "norm": norm,
        "sign_agreement": signs if np.isfinite(norm[0]) else UNKNOWN,
    }


def linearity(small: Halves, large: Halves, seed: int) -> tuple[float, float, float]:
    """Cosine of the gradients that two sizes of the step see; 1 in the linear range."""
    return interval(_linearity, (*small, *large), seed)


def compare_with_truth(
    estimate: Halves, truth: Halves, seed: int
) -> dict[str, tuple[float, float, float]]:
    """`cosine`, `sign_agreement` and `scale` of an estimated gradient, each with its interval.

    The directions are resampled. The sign agreement is that of single noisy directions; compare it
    with that of the truth with itself.
    """
    data = *estimate, *truth
    known = np.isfinite(interval(_norm, truth, seed)[0])
    square = _square(*estimate, -1)
    if not known or not square > 0:
        return dict.fromkeys(("cosine", "sign_agreement", "scale"), UNKNOWN)
    return {
        "cosine": interval(_cosine, data, seed),
        "sign_agreement": interval(_sign_agreement, data, seed),
        "scale": interval(_scale, data, seed),
    }


def cosine_difference(a: Halves, b: Halves, truth: Halves, seed: int) -> tuple[float, float, float]:
    """Cosine of `a` minus cosine of `b`, over the same resampled directions."""
    return interval(_cosine_difference, (*a, *b, *truth), seed)
