"""How well an estimated gradient agrees with a true one that is known only through noise.

The true gradient G of an expected loss is observed by finite differences along random directions u
whose entries are +1 or -1, so E[(G.u)^2] = |G|^2. The samples are split into two halves with
independent noise: f_1, f_2 are the finite differences of the halves, and g_1, g_2 the gradient
estimated from each half, projected on u. Where noise would add up, only products of different
halves are used:

    |G|^2        = E[f_1 f_2]
    cos(g, G)    = E[(g_1 f_2 + g_2 f_1) / 2] / sqrt(E[(g_1^2 + g_2^2) / 2] E[f_1 f_2])
    |g| / |G|    = sqrt(E[g_1 g_2] / E[f_1 f_2])

So the noise of f does not lower a cosine (the attenuation is corrected for), and noise that g
shares with f does not raise it; noise does not lengthen a gradient. A cosine corrected in this way
can exceed 1 in a sample. The moments are not centred, since a projection on u has mean 0 by
symmetry.

If E[f_1 f_2] <= 0 in any bootstrap resample, the truth does not stand out from its noise, and
whatever would be divided by it is unknown (NaN), both the estimate and its interval.
"""

from typing import NamedTuple

import numpy as np

from strsbp.study.summary.intervals import Interval, bootstrap_interval


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


def _length(g1, g2, f1, f2, axis=-1):
    shared = np.maximum(np.mean(g1 * g2, axis=axis), 0)
    return _over_root(np.sqrt(shared), np.mean(f1 * f2, axis=axis))


def _reliability(f1, f2, axis=-1):
    shared = np.mean(f1 * f2, axis=axis)
    return _over_root(shared, np.mean(f1 * f1, axis=axis) * np.mean(f2 * f2, axis=axis))


def _linearity(s1, s2, l1, l2, axis=-1):
    shared = np.mean(s1 * s2, axis=axis), np.mean(l1 * l2, axis=axis)
    both = np.where((shared[0] > 0) & (shared[1] > 0), shared[0] * shared[1], -1)
    return _over_root(_crossed(s1, s2, l1, l2, axis), both)


def describe_truth(truth: Halves, seed: int) -> dict[str, Interval]:
    """How reliable the finite differences are, by quantity.

    `moved`: share of directions along which the loss changes at all; `reliability`: correlation of
    the halves. Both are known even if the truth does not stand out from its noise.
    """
    moved = float(np.mean((truth.first != 0) | (truth.second != 0)))
    return dict(
        moved=Interval(moved, np.nan, np.nan),
        reliability=bootstrap_interval(_reliability, truth, seed),
    )


def linearity(small: Halves, large: Halves, seed: int) -> Interval:
    """Cosine of the gradients measured with two step sizes; 1 in the linear range."""
    return bootstrap_interval(_linearity, (*small, *large), seed)


def compare_with_truth(estimate: Halves, truth: Halves, seed: int) -> dict[str, Interval]:
    """`cosine` of an estimated gradient to the true one, and its `length` over the other's.

    The bootstrap resamples the directions.
    """
    data = *estimate, *truth
    return dict(
        cosine=bootstrap_interval(_cosine, data, seed),
        length=bootstrap_interval(_length, data, seed),
    )


def cosine_difference(a: Halves, b: Halves, truth: Halves, seed: int) -> Interval:
    """Cosine of `a` minus cosine of `b`, over the same resampled directions."""
    return bootstrap_interval(_cosine_difference, (*a, *b, *truth), seed)
