"""phi on slots, where all sets of o out of n places are equally likely, for real counts o.

With C(n, o) the binomial coefficient, a share C(n - 1 - a, o - 1) / C(n, o) of the sets has its
first spike at place a = 0, 1, ..., and a share C(n - 1 - d, o - 2) / C(n, o) contains two given
places d apart and none in between. With the gamma function both are smooth in o, and so is phi.
"""

import numpy as np
from scipy.special import digamma, gammaln


def slot_slopes(first: np.ndarray, after: np.ndarray, most: int) -> np.ndarray:
    """dphi/do at o = 0 .. `most` (at most n), float64, accurate to 1e-10 of the largest value.

    `first` (n,): the gain of a first spike at each place; `after` (n, n): after[a, b] is the gain
    of a spike at b whose predecessor is at a < b.
    """
    n = first.size
    distance = np.arange(1, n)
    by_distance = np.array([np.trace(after, offset=d) for d in distance])
    slopes = np.zeros(most + 1)
    for o in range(most + 1):
        size, value, slope = _binomial(n, o)
        for gains, top, bottom in (
            (first, n - 1 - np.arange(n), o - 1),
            (by_distance, n - 1 - distance, o - 2),
        ):
            part, part_value, part_slope = _binomial(top, bottom)
            # Derivative of a quotient whose denominator C(n, o) is value * exp(size).
            slopes[o] += gains @ (np.exp(part - size) * (part_slope - part_value * slope / value))
    return slopes


def _binomial(top, bottom):
    """(size, value, slope): C(top, bottom) = value exp(size), its derivative slope exp(size).

    The derivative is with respect to `bottom`. Arguments are whole numbers, `top` >= 0.
    """
    below, above = _one_over_gamma(bottom + 1), _one_over_gamma(top - bottom + 1)
    size = gammaln(np.add(top, 1)) + below[0] + above[0]
    return size, below[1] * above[1], below[2] * above[1] - below[1] * above[2]


def _one_over_gamma(x):
    """(size, value, slope) at whole x: 1 / Gamma = value exp(size), its derivative slope exp(size).

    At a pole of Gamma, 1 / Gamma is 0 but its derivative is not.
    """
    x = np.asarray(x)
    pole = x <= 0
    right = np.where(pole, 1, x)
    size = np.where(pole, gammaln(np.where(pole, 1 - x, 1)), -gammaln(right))
    return size, np.where(pole, 0.0, 1.0), np.where(pole, (-1.0) ** x, -digamma(right))
