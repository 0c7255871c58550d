"""Adam for many weights at once, and what subnormal numbers would cost.

The regulariser lets the weights of silent inputs, and with them their first moments, decay to
subnormal float32, and grow again from there when the second moment has decayed too. Many processors
take some 150 cycles for a product with a subnormal number, and most groups of sixteen weights come
to hold one: without care a sample costs eight times as much after ten thousand. Setting such weights to
0 would be cheap, but they would not grow again. So where a weight or its first moment is small,
both are taken times 2^64, and each product and quotient that would be subnormal is rounded to the
multiple of 2^-149 that it is rounded to without that: the same bits, in float32 arithmetic on normal
numbers.
"""

import numpy as np
from numba import njit

from strsbp.engine.lanes import (
    fused,
    magnitude,
    over_2_64,
    root,
    splat,
    times_2_64,
    where,
    with_sign,
)

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants."""

_B1, _1_B1 = np.float32(BETA_1), np.float32(1 - BETA_1)
_B2, _1_B2 = np.float32(BETA_2), np.float32(1 - BETA_2)
_EPSILON = np.float32(EPSILON)

_2_64 = np.float32(2.0**64)
_SMALL = np.float32(2.0**-64)
"""Weights and moments below are taken times 2^64 ..."""
_LARGE = np.float32(2.0**32)
"""... unless something beside them is so large that it might overflow."""
_SUBNORMAL = np.float32(2.0**-62)
"""2^64 times the smallest normal number; float32 from it to its double are multiples of 2^-85."""
_QUANTUM = np.float32(2.0**-85)
"""2^64 times the smallest subnormal number."""
_UNSEEN_SQUARED, _SEES_NO_SQUARE = np.float32(2.0**-58), np.float32(2.0**-96)
"""The square of a gradient below the first is lost on a second moment above the second."""
_UNSEEN = np.float32(2.0**-100)


@njit(inline="always")
def seen(like, weight):
    """`weight`, or 0 where it is too small to be seen beside ordinary numbers in float32."""
    return where(splat(like, _UNSEEN) > magnitude(weight), like, weight)


@njit(inline="always")
def one_seen(weight):
    """The same of one float32."""
    return np.float32(0.0) if abs(weight) < _UNSEEN else weight


@njit(inline="always")
def square_seen(like, weight):
    """The square of `weight`, or 0 where it is too small to be seen in a sum of squares."""
    weight = where(splat(like, _UNSEEN_SQUARED) > magnitude(weight), like, weight)
    return weight * weight


@njit(inline="always")
def _product(like, a, b, subnormal):
    """a * b for b >= 0; below `subnormal` rounded to multiples of 2^-85."""
    plain = a * b
    shift = splat(like, _SUBNORMAL)
    rounded = with_sign(fused(magnitude(a), b, shift) - shift, plain)
    return where(subnormal > magnitude(plain), rounded, plain)


@njit(inline="always")
def _quotient(like, a, b, subnormal):
    """a / b for b > 0; below `subnormal` rounded to multiples of 2^-85."""
    plain = a / b
    shift, quantum = splat(like, _SUBNORMAL), splat(like, _QUANTUM)
    rounded = (magnitude(plain) + shift) - shift
    # The quotient has been rounded twice: the remainder tells where that went too far.
    half = b * splat(like, np.float32(0.5) * _QUANTUM)
    remainder = fused(like - rounded, b, magnitude(a))
    rounded = rounded + where(remainder > half, quantum, like)
    rounded = rounded - where(like - remainder > half, quantum, like)
    return where(subnormal > magnitude(plain), with_sign(rounded, plain), plain)


@njit(inline="always")
def adam_step(like, error, factor, weight, first, second, step, root_scale):
    """Adam's new (weight, first moment, second moment), lanes all but the last two.

    The gradient is `error` + `factor` * `weight`, with `factor` >= 0; `step` and `root_scale`
    (float32): Adam's step size and the scale of the root, with their bias corrections.
    """
    size, size_first = magnitude(weight), magnitude(first)
    least = where(size > size_first, size_first, size)
    most = where(size > size_first, size, size_first)
    most = where(magnitude(error) > most, magnitude(error), most)
    small = where(most > splat(like, _LARGE), like, splat(like, _SMALL)) > least
    subnormal = where(small, splat(like, _SUBNORMAL), like)
    w = where(small, times_2_64(weight), weight)
    m = where(small, times_2_64(first), first)
    error = where(small, error * splat(like, _2_64), error)

    g = error + _product(like, w, factor, subnormal)
    m = _product(like, m, splat(like, _B1), subnormal) + _product(
        like, g, splat(like, _1_B1), subnormal
    )
    # The square of a subnormal gradient is 0; that of a small one is lost on the second moment.
    g = where(subnormal > magnitude(g), like, g)
    g = where(small, g * splat(like, _SMALL), g)
    unseen = where(second > splat(like, _SEES_NO_SQUARE), splat(like, _UNSEEN_SQUARED), like)
    g = where(unseen > magnitude(g), like, g)
    v = splat(like, _B2) * second + splat(like, _1_B2) * (g * g)
    scale = root(v) * splat(like, root_scale) + splat(like, _EPSILON)
    change = _quotient(like, _product(like, m, splat(like, step), subnormal), scale, subnormal)
    w = w - change
    return where(small, over_2_64(w), w), where(small, over_2_64(m), m), v
