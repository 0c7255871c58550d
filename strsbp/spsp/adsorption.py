"""Exact sums over trains drawn by random sequential adsorption, as in the published simulation.

Spike times are drawn one after the other, uniformly among the places at least `gap` steps from all
earlier ones, until there are k spikes (rejected draws make no difference). Such trains are not
uniformly distributed over all trains with that gap, and their probability is not a product.
Instead, imagine a continuous-time process in which every place y is tried at rate w(y), for ever.
Its train at time s has the weight

    prod_i w(x_i) exp(a_i B(x_i)) da_i  *  prod_i exp(-m_i min(a_i, a_i+1))  *  exp(-s sum_y w(y))

where a_i = s - (arrival time of spike i) is the age of a spike, B(x) the total rate of the places
blocked by a spike at x, and m_i that of the places blocked by both neighbours i and i + 1. This is
a Markov chain along the line with state (place, age). The order of arrivals does not depend on
their times, so the train at the moment of the k-th arrival has the distribution of the simulated
trains of k spikes. At that moment one spike has age 0. Integrating over s gives sums over all such
trains without Monte Carlo.

Ages are integrated with Gauss-Legendre quadrature, log s with the trapezoidal rule, which
converges exponentially for smooth functions that vanish at both ends.
"""

import numpy as np
from numba import prange

from strsbp.compiled import kernel, parallel

N_NODES = 24
"""Number of quadrature nodes for the age."""
STEP = 0.06
"""Step in log s. The arrival time of the 100th spike varies by about 10 %, log s by 0.1."""
SMALLEST_LOG, LARGEST_LOG = -24.0, 4.2
"""Range of log s; a free end place is still empty at the end with probability
exp(-exp(4.2) / 2) = 5e-15."""
LARGEST_EXPONENT = 700.0
"""Close to the largest x for which exp(x) is finite in double precision."""


def sequential_trains(
    n_steps: int, gap: int, most: int, gains=None, first_place: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Sums over sequentially drawn trains of k = 0 .. `most` spikes, float64.

    Spikes are at round(U * n_steps), i.e. at 0 .. `n_steps`, the two ends half as likely. `gains`
    (n_steps + 2, n_steps + 1): gains[x + 1, y] is the gain of a spike at y whose predecessor is at
    x, gains[0, y] that of a first spike at y (default: all 0). Trains with a spike before
    `first_place` are excluded. Returns (share of drawn trains that are included, mean of their
    total gain with excluded trains counting as 0), both (most + 1,), accurate to 1e-7 (1e-5 where
    most attempts to draw a train never end). The share is also below 1 where drawing may never end
    (finding F3).
    """
    weight = place_weights(n_steps)
    kinds = 2  # plain sums, and sums weighted by gains
    if gains is None:
        kinds, gains = 1, np.zeros((0, 0))
    times = moments(gap)
    shares, sums = np.zeros((2, times.size, most + 1))
    rule = integration_rule(N_NODES)
    _at_times(times, weight, gap, most, rule, kinds, gains, first_place, shares, sums)
    scale = STEP * times[:, None]
    share, total = (scale * shares).sum(axis=0), (scale * sums).sum(axis=0)
    share[0] = 1.0
    return share, total


def moments(gap: int) -> np.ndarray:
    """The times s at which the sums are evaluated, `STEP` apart in log s.

    For a gap of 7 or more they end earlier, before exp(s * places blocked by a spike) overflows;
    this leaves out a share exp(-s / 2) of the trains whose last spike is at an end.
    """
    times = np.exp(np.arange(SMALLEST_LOG, LARGEST_LOG, STEP))
    return times[times * (2 * gap - 1) < LARGEST_EXPONENT]


def place_weights(n_steps: int) -> np.ndarray:
    """Relative probability of round(U * `n_steps`) being 0 .. `n_steps`; 1 for inner places."""
    weight = np.ones(n_steps + 1)
    weight[[0, -1]] = 0.5
    return weight


def integration_rule(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on [0, 1], and a matrix of integrals from 0 to each node.

    The matrix (n, n) maps values at the nodes to the integrals of their interpolating polynomial.
    """
    x, weights = np.polynomial.legendre.leggauss(n)
    values = np.polynomial.legendre.legvander(x, n)
    # The integral of P_m from -1 is (P_{m+1} - P_{m-1}) / (2 m + 1), with P_{-1} = -1.
    below = np.column_stack([-np.ones(n), values[:, : n - 1]])
    integrals = (values[:, 1:] - below) / (2 * np.arange(n) + 1)
    return (x + 1) / 2, weights / 2, integrals @ np.linalg.inv(values[:, :n]) / 2


@parallel
def _at_times(times, weight, gap, most, rule, kinds, gains, first_place, shares, sums):
    for k in prange(times.size):
        _at_time(times[k], weight, gap, most, rule, kinds, gains, first_place, shares[k], sums[k])


@kernel
def _at_time(s, weight, gap, most, rule, kinds, gains, first_place, share, total):
    """Fill share[k] with the rate of the k-th arrival at time s, and total[k] with its gains.

    Going along the line, `old` are the sums over trains up to a spike with a given place, number
    and age; `new` includes only trains in which an earlier spike has age 0, and `last` those in
    which this spike has age 0. The first index q is 0 for the plain sums, and 1 for sums weighted
    by each train's total gain; `*_all` are integrated over the age.
    """
    nodes, node_weights, integrals = rule
    n_places, n = weight.size, nodes.size
    # The number of arrivals is bounded by the number of attempts, which is Poisson distributed.
    tried = s * (n_places - 1)
    most = min(most, int(tried + 12 * np.sqrt(tried) + 12))
    ages, age_weights = nodes * s, node_weights * s
    both = overlaps(gap, s, ages, age_weights, integrals)
    passed = np.cumsum(weight)
    old, new = np.zeros((2, 2, n_places, most + 1, n))
    old_all, new_all, last = np.zeros((3, 2, n_places, most + 1))
    empty = np.zeros(n_places)
    now = np.zeros(2)
    for x in range(first_place, n_places):
        for y in range(x):
            empty[y] = np.exp(-s * (passed[x] - passed[y]))
        blocked = 0.0
        for y in range(max(0, x - gap + 1), min(n_places, x + gap)):
            blocked += weight[y]
        behind = np.exp(-s * (passed[n_places - 1] - passed[x]))
        for c in range(1, min(most, x // gap + 1) + 1):
            for q in range(kinds):
                # Far neighbours block no place in common, so their ages are independent.
                a, b = 0.0, 0.0
                if c == 1:
                    a = np.exp(-s * passed[x]) * (gains[0, x] if q else 1.0)
                # The earlier spikes are `gap` apart, so the last of them is not near the start.
                for y in range(first_place + (c - 2) * gap if c > 1 else x, x - 2 * gap + 2):
                    gain = gains[y + 1, x] if q else 0.0
                    a += empty[y] * (old_all[q, y, c - 1] + gain * old_all[0, y, c - 1])
                    b += empty[y] * (
                        new_all[q, y, c - 1] + last[q, y, c - 1]
                        + gain * (new_all[0, y, c - 1] + last[0, y, c - 1])
                    )  # fmt: skip
                now[q], old[q, x, c], new[q, x, c] = a, a, b
            for near in range(gap - 1 if c > 1 else 0):
                y = x - gap - near
                if y < first_place:
                    break
                for q in range(kinds):
                    gain = gains[y + 1, x] if q else 0.0
                    now[q] += empty[y] * (old_all[q, y, c - 1] + gain * old_all[0, y, c - 1])
                a, b = np.zeros((2, n))
                for q in range(kinds):
                    gain = gains[y + 1, x] if q else 0.0
                    for i in range(n):
                        a[i], b[i] = gain * a[i], last[q, y, c - 1] + gain * b[i]
                    for j in range(n):  # outside, so that the processor takes several i at once
                        of_old, of_new = old[q, y, c - 1, j], new[q, y, c - 1, j]
                        for i in range(n):
                            a[i] += both[near, j, i] * of_old
                            b[i] += both[near, j, i] * of_new
                    for i in range(n):
                        old[q, x, c, i] += empty[y] * a[i]
                        new[q, x, c, i] += empty[y] * b[i]
            for q in range(kinds):
                last[q, x, c] = weight[x] * now[q]
                for i in range(n):
                    factor = weight[x] * np.exp(ages[i] * blocked)
                    old[q, x, c, i] *= factor
                    new[q, x, c, i] *= factor
                    old_all[q, x, c] += age_weights[i] * old[q, x, c, i]
                    new_all[q, x, c] += age_weights[i] * new[q, x, c, i]
            share[c] += behind * (new_all[0, x, c] + last[0, x, c])
            total[c] += behind * (new_all[1, x, c] + last[1, x, c])


@kernel
def overlaps(gap, s, ages, age_weights, integrals):
    """Weights [near, j, i] of the integral of exp(-m min(a, a_i)) over the left neighbour's age a.

    For neighbours gap + near apart, which block m = gap - 1 - near places in common; i and j are
    the nodes of the right and the left neighbour's age.
    """
    n = ages.size
    both = np.zeros((gap - 1, n, n))
    for near in range(gap - 1):
        m = gap - 1.0 - near
        for i in range(n):
            for j in range(n):
                younger = s * integrals[i, j]
                both[near, j, i] = younger * np.exp(-m * ages[j]) + np.exp(-m * ages[i]) * (
                    age_weights[j] - younger
                )
    return both
