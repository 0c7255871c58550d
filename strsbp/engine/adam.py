"""Adam for many weights at once (specification, section 7)."""

import math

import numpy as np

from strsbp.compiled import inlined
from strsbp.engine.subnormal import SUBNORMAL, product, quotient
from strsbp.simd import bits, magnitude, over_2_64, root, splat, times_2_64, where

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants."""

_B1, _1_B1 = np.float32(BETA_1), np.float32(1 - BETA_1)
_B2, _1_B2 = np.float32(BETA_2), np.float32(1 - BETA_2)
_EPSILON = np.float32(EPSILON)

_2_64 = np.float32(2.0**64)
_SMALL = np.float32(2.0**-64)
_LARGE = np.float32(2.0**32)
"""Weights and moments below `_SMALL` are scaled by 2^64, unless the weight, moment or error of the
same lane is at least `_LARGE` and might overflow."""
_UNSEEN_SQUARED, _SEES_NO_SQUARE = np.float32(2.0**-58), np.float32(2.0**-96)
"""The square of a number below the first has no effect when added to a number above the second."""


def bias_corrected(step_size: float, n_updates: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Step sizes and square-root factors of the `n` updates that follow the first `n_updates`."""
    updates = range(n_updates + 1, n_updates + n + 1)
    steps = [step_size / (1 - BETA_1**k) for k in updates]
    root_scales = [1 / math.sqrt(1 - BETA_2**k) for k in updates]
    return np.array(steps, dtype=np.float32), np.array(root_scales, dtype=np.float32)


@inlined
def square_seen(like, weight):
    """The square of `weight`, or 0 where it is too small to affect a sum of squares."""
    weight = where(splat(like, _UNSEEN_SQUARED) > magnitude(weight), like, weight)
    return weight * weight


@inlined
def _moment(like, g, second):
    """The new second moment."""
    return splat(like, _B2) * second + splat(like, _1_B2) * (g * g)


@inlined
def _scale(like, v, root_scale):
    return root(v) * splat(like, root_scale) + splat(like, _EPSILON)


@inlined
def _which_are_small(like, error, weight, first):
    size, size_first = magnitude(weight), magnitude(first)
    least = where(size > size_first, size_first, size)
    # Lanes with a value that is large or nan are not scaled by 2^64.
    limit, large = splat(like, _SMALL), splat(like, _LARGE)
    limit = where(large > size, limit, like)
    limit = where(large > size_first, limit, like)
    limit = where(large > magnitude(error), limit, like)
    return limit > least


@inlined
def _step_of_small(like, small, error, factor, weight, first, second, step, root_scale):
    subnormal = where(small, splat(like, SUBNORMAL), like)
    w = where(small, times_2_64(weight), weight)
    m = where(small, times_2_64(first), first)
    error = where(small, error * splat(like, _2_64), error)

    g = error + product(like, w, factor, subnormal)
    m = product(like, m, splat(like, _B1), subnormal) + product(
        like, g, splat(like, _1_B1), subnormal
    )
    # The square of a subnormal gradient is 0; a small one has no effect on the second moment.
    g = where(subnormal > magnitude(g), like, g)
    g = where(small, g * splat(like, _SMALL), g)
    unseen = where(second > splat(like, _SEES_NO_SQUARE), splat(like, _UNSEEN_SQUARED), like)
    g = where(unseen > magnitude(g), like, g)
    v = _moment(like, g, second)
    change = product(like, m, splat(like, step), subnormal)
    w -= quotient(like, change, _scale(like, v, root_scale), subnormal)
    return where(small, over_2_64(w), w), where(small, over_2_64(m), m), v


@inlined
def adam_step(like, error, factor, weight, first, second, step, root_scale):
    """Adam's new (weight, first moment, second moment).

    All arguments are lanes except `step` and `root_scale` (float32): Adam's step size and the
    factor applied to the square root, both including bias correction. The gradient is
    `error` + `factor` * `weight`, with `factor` >= 0.
    """
    small = _which_are_small(like, error, weight, first)
    if bits(small) != 0:
        return _step_of_small(like, small, error, factor, weight, first, second, step, root_scale)
    g = error + factor * weight
    m = splat(like, _B1) * first + splat(like, _1_B1) * g
    v = _moment(like, g, second)
    return weight - splat(like, step) * m / _scale(like, v, root_scale), m, v
