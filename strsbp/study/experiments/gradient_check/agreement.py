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

If f_1 and f_2 are not correlated by at least two standard errors of uncorrelated ones, 2 / sqrt(D),
the truth does not stand out from its noise, and whatever would be divided by it is unknown (NaN).
"""

from typing import NamedTuple

import numpy as np


class Halves(NamedTuple):
    """Projections on D directions from each half of the samples: float64 arrays of shape (D,)."""

    first: np.ndarray
    second: np.ndarray

    def square(self) -> float:
        """The mean square of the projections, noise included."""
        return float(np.mean(self.first**2 + self.second**2) / 2)

    def shared_square(self) -> float:
        """The mean square of what both halves share; it can be negative."""
        return float(np.mean(self.first * self.second))

    def known_square(self) -> float:
        """`shared_square`, or NaN if it does not stand out from the noise."""
        known = reliability(self) > 2 / np.sqrt(self.first.size)
        return self.shared_square() if known else np.nan

    def crossed(self, other: "Halves") -> float:
        """The mean product with the other half of `other`."""
        return float(np.mean(self.first * other.second + self.second * other.first) / 2)


def moved(truth: Halves) -> float:
    """Share of directions along which the loss changes at all."""
    return float(np.mean((truth.first != 0) | (truth.second != 0)))


def reliability(truth: Halves) -> float:
    """Correlation of the halves, known even if the truth does not stand out from its noise.

    NaN if the loss changes along no direction.
    """
    squares = np.mean(truth.first**2) * np.mean(truth.second**2)
    return truth.shared_square() / np.sqrt(squares) if squares > 0 else np.nan


def linearity(small: Halves, large: Halves) -> float:
    """Cosine of the gradients measured with two step sizes; 1 in the linear range."""
    return small.crossed(large) / np.sqrt(small.known_square() * large.known_square())


def cosine(estimate: Halves, truth: Halves) -> float:
    """Cosine of an estimated gradient to the true one; NaN if the estimate is 0."""
    squares = estimate.square() * truth.known_square()
    return estimate.crossed(truth) / np.sqrt(squares) if squares else np.nan


def length(estimate: Halves, truth: Halves) -> float:
    """Length of an estimated gradient over that of the true one."""
    return float(np.sqrt(max(estimate.shared_square(), 0.0) / truth.known_square()))
