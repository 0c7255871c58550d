"""Products and quotients of subnormal numbers, without what they cost.

Many processors take some 150 cycles for a product with a subnormal float32 (below 2^-126), though
they add such numbers without delay. The regulariser lets the weights of silent inputs, and with
them their first moments, decay to such numbers, and grow again from there when the second moment
has decayed too, so that they cannot be set to 0. After ten thousand samples most groups of sixteen
weights hold one, and a sample would cost eight times as much.

Where a value need not be exact because it is added to ordinary numbers, `seen` leaves out what is
too small to change them. Where it must be, numbers are taken times 2^64, and what would be
subnormal is rounded to the multiple of 2^-149 that it would be rounded to: the same bits, by
float32 arithmetic on normal numbers.
"""

import numpy as np
from numba import njit

from strsbp.simd import fused, magnitude, splat, where, with_sign

SUBNORMAL = np.float32(2.0**-62)
"""2^64 times the smallest normal number; float32 from it to its double are multiples of 2^-85."""
_QUANTUM = np.float32(2.0**-85)
"""2^64 times the smallest subnormal number."""
_UNSEEN = np.float32(2.0**-100)


@njit(inline="always")
def seen(like, values):
    """`values`, or 0 where they are too small to be seen beside ordinary numbers in float32."""
    return where(splat(like, _UNSEEN) > magnitude(values), like, values)


@njit(inline="always")
def one_seen(value):
    """The same of one float32."""
    return np.float32(0.0) if abs(value) < _UNSEEN else value


@njit(inline="always")
def product(like, a, b, subnormal):
    """a * b; below `subnormal` rounded to multiples of 2^-85."""
    plain = a * b
    shift = where(subnormal > magnitude(plain), splat(like, SUBNORMAL), like)
    shift = with_sign(shift, plain)  # what is added and taken away again rounds; 0 does nothing
    return fused(a, b, shift) - shift


@njit(inline="always")
def quotient(like, a, b, subnormal):
    """a / b for b > 0; below `subnormal` rounded to multiples of 2^-85."""
    plain = a / b
    rounds = subnormal > magnitude(plain)
    shift = with_sign(where(rounds, splat(like, SUBNORMAL), like), plain)
    rounded = (plain + shift) - shift
    # The quotient has been rounded twice: the remainder tells where that went too far.
    remainder = fused(like - rounded, b, a)
    too_far = magnitude(remainder) > b * splat(like, np.float32(0.5) * _QUANTUM)
    quantum = where(rounds, splat(like, _QUANTUM), like)
    return rounded + where(too_far, with_sign(quantum, remainder), like)
