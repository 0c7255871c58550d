"""Fast products and quotients of subnormal numbers.

On many processors a product with a subnormal float32 (below 2^-126) takes about 150 cycles; adding
subnormal numbers is not slower. The regulariser makes the weights of silent inputs, and their
first moments, decay to subnormal values. They cannot be set to 0, because they grow again once the
second moment has decayed too. After ten thousand samples most groups of sixteen weights contain a
subnormal number, and without the functions below a sample would take many times as long.

Where a value is only added to ordinary numbers, `seen` replaces it by 0 if it is too small to
change them. Where the value must be exact, numbers are scaled by 2^64, and results that would be
subnormal are rounded to the same multiple of 2^-149 as without scaling. This gives the same bits
using only normal float32 numbers.
"""

import numpy as np

from strsbp.compiled import inlined
from strsbp.simd import fused, magnitude, splat, where, with_sign

SUBNORMAL = np.float32(2.0**-62)
"""2^64 times the smallest normal number. The float32 numbers from it to its double are the
multiples of 2^-85."""
_QUANTUM = np.float32(2.0**-85)
"""2^64 times the smallest subnormal number."""
_UNSEEN = np.float32(2.0**-100)


@inlined
def seen(like, values):
    """`values`, or 0 where they are too small to change an ordinary float32 they are added to."""
    return where(splat(like, _UNSEEN) > magnitude(values), like, values)


@inlined
def one_seen(value):
    """`seen` for one float32."""
    return np.float32(0.0) if abs(value) < _UNSEEN else value


@inlined
def product(like, a, b, subnormal):
    """a * b; results below `subnormal` are rounded to multiples of 2^-85."""
    plain = a * b
    shift = where(subnormal > magnitude(plain), splat(like, SUBNORMAL), like)
    shift = with_sign(shift, plain)  # adding and subtracting it rounds; 0 does nothing
    return fused(a, b, shift) - shift


@inlined
def quotient(like, a, b, subnormal):
    """a / b for b > 0; results below `subnormal` are rounded to multiples of 2^-85."""
    plain = a / b
    rounds = subnormal > magnitude(plain)
    shift = with_sign(where(rounds, splat(like, SUBNORMAL), like), plain)
    rounded = (plain + shift) - shift
    # The quotient has been rounded twice; the remainder shows where that was one step too far.
    remainder = fused(like - rounded, b, a)
    too_far = magnitude(remainder) > b * splat(like, np.float32(0.5) * _QUANTUM)
    quantum = where(rounds, splat(like, _QUANTUM), like)
    return rounded + where(too_far, with_sign(quantum, remainder), like)
