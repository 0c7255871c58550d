"""Random sequential adsorption on a line, exactly: trains drawn as the published simulation does.

Spike times are drawn one after the other, uniformly among the places at least `gap` steps from the
earlier ones, until there are k (that others are drawn and rejected changes nothing). The trains
are not uniform over all with that gap, and have no product formula. But let every place y be tried
at the rate w(y) for ever. Then the train at time s has the weight

    prod_i w(x_i) exp(a_i B(x_i)) da_i  *  prod_i exp(-m_i min(a_i, a_i+1))  *  exp(-s sum_y w(y))

with a_i = s - (time of spike i) its age, B(x) the rate of the places that a spike at x blocks, and
m_i the rate of those that the neighbours i and i + 1 both block: a Markov chain along the line in
(place, age). The order of events does not depend on their times, so the train at the moment at
which the k-th spike comes is the train of k spikes that the simulation draws. At that moment one
spike has the age 0; integrating over s gives sums over all such trains, without Monte Carlo.

Integrals over ages take Gauss and Legendre's rule on smooth functions, the one over log s the
trapezoidal rule, which converges exponentially for a smooth function that vanishes on both sides.
"""

import numpy as np
from numba import njit, prange

N_NODES = 24
"""Ages at which the chain is known."""
STEP = 0.06
"""Of log s. The time of the k-th of 100 spikes is known to about 10 %, so log s to 0.1."""
SMALLEST_LOG, LARGEST_LOG = -24.0, 4.2
"""Log s; exp(-exp(4.2) / 2) = 5e-15 is the chance that a free end is not taken by then."""
LARGEST_EXPONENT = 700.0
"""Of a number in double precision, nearly."""


def sequential_trains(
    n_steps: int, gap: int, most: int, gains=None, first_place: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Sums over the trains of k = 0 .. `most` spikes drawn one after the other, float64.

    Spikes are at round(U * n_steps), so at 0 .. `n_steps`, the two ends half as likely. `gains`
    (n_steps + 2, n_steps + 1): gains[x + 1, y] is what a spike at y is worth after one at x, and
    gains[0, y] as the first (default: nothing). Trains with a spike before `first_place` are left
    out. Returns (share of all drawn trains that are in the sum, mean of their summed gains with
    the others counting 0), both (most + 1,), good to 1e-7 (to 1e-5 where most
    drawing never ends). The first is below 1 also where drawing cannot end (finding F3).
    """
    weight = place_weights(n_steps)
    if gains is None:
        gains = np.zeros((0, n_steps + 1))
    times = moments(gap)
    shares, sums = np.zeros((2, times.size, most + 1))
    _at_times(
        times, weight, gap, most, *integration_rule(N_NODES), gains, first_place, shares, sums
    )
    scale = STEP * times[:, None]
    share, total = (scale * shares).sum(axis=0), (scale * sums).sum(axis=0)
    share[0] = 1.0
    return share, total


def moments(gap: int) -> np.ndarray:
    """The times at which sums are taken, `STEP` apart in their logarithm.

    A gap of 7 or more ends them earlier, where exp(time * places that a spike blocks) would be too
    large a number; what is left out is exp(-time / 2) of the trains whose last spike is at an end.
    """
    times = np.exp(np.arange(SMALLEST_LOG, LARGEST_LOG, STEP))
    return times[times * (2 * gap - 1) < LARGEST_EXPONENT]


def place_weights(n_steps: int) -> np.ndarray:
    """How likely round(U * `n_steps`) is each of 0 .. `n_steps`, a place in the middle being 1."""
    weight = np.ones(n_steps + 1)
    weight[[0, -1]] = 0.5
    return weight


def integration_rule(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss and Legendre's nodes and weights on [0, 1], and the integrals from 0 to each node.

    The last, (n, n), integrates the polynomial through values at the nodes.
    """
    x, weights = np.polynomial.legendre.leggauss(n)
    values = np.polynomial.legendre.legvander(x, n)
    # The integral of P_m from -1 is (P_{m+1} - P_{m-1}) / (2 m + 1), with P_{-1} = -1.
    below = np.column_stack([-np.ones(n), values[:, : n - 1]])
    integrals = (values[:, 1:] - below) / (2 * np.arange(n) + 1)
    return (x + 1) / 2, weights / 2, integrals @ np.linalg.inv(values[:, :n]) / 2


@njit(parallel=True, cache=True, error_model="numpy")
def _at_times(
    times, weight, gap, most, nodes, node_weights, integrals, gains, first_place, shares, sums
):  # fmt: skip
    for k in prange(times.size):
        _at_time(
            times[k], weight, gap, most, nodes, node_weights, integrals, gains, first_place,
            shares[k], sums[k],
        )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _at_time(
    s, weight, gap, most, nodes, node_weights, integrals, gains, first_place, share, total
):  # fmt: skip
    """Fill share[k] with the rate at which the k-th spike comes at time s, total[k] with gains.

    Along the line `old` are the sums over trains up to a spike of a given place, number and age,
    `new` those of them in which some spike has the age 0, and `last` those in which it is this
    one; `*_gain` are the same sums with every train's gains, `*_all` integrated over the age.
    """
    n_places, n = weight.size, nodes.size
    counts_gains = gains.shape[0] > 0
    # No more spikes come than are tried, a Poisson number.
    tried = s * (n_places - 1)
    most = min(most, int(tried + 12 * np.sqrt(tried) + 12))
    ages, age_weights = nodes * s, node_weights * s
    both = overlaps(gap, s, ages, age_weights, integrals)
    passed = np.cumsum(weight)
    old, new = np.zeros((n_places, most + 1, n)), np.zeros((n_places, most + 1, n))
    old_gain, new_gain = np.zeros((n_places, most + 1, n)), np.zeros((n_places, most + 1, n))
    last, last_gain = np.zeros((n_places, most + 1)), np.zeros((n_places, most + 1))
    old_all, new_all = np.zeros((n_places, most + 1)), np.zeros((n_places, most + 1))
    old_gain_all, new_gain_all = np.zeros((n_places, most + 1)), np.zeros((n_places, most + 1))
    empty = np.zeros(n_places)
    for x in range(first_place, n_places):
        for y in range(x):
            empty[y] = np.exp(-s * (passed[x] - passed[y]))
        blocked = 0.0
        for y in range(max(0, x - gap + 1), min(n_places, x + gap)):
            blocked += weight[y]
        for c in range(1, min(most, x // gap + 1) + 1):
            # Neighbours that block no place in common: their ages do not matter to each other.
            a, a_gain, b, b_gain = 0.0, 0.0, 0.0, 0.0
            if c == 1:
                a = np.exp(-s * passed[x])
                a_gain = a * gains[0, x] if counts_gains else 0.0
            # A spike needs `gap` places, so the earlier ones leave out a stretch at the start.
            for y in range(first_place + (c - 2) * gap if c > 1 else x, x - 2 * gap + 2):
                a += empty[y] * old_all[y, c - 1]
                b += empty[y] * (new_all[y, c - 1] + last[y, c - 1])
                if counts_gains:
                    gain = gains[y + 1, x]
                    a_gain += empty[y] * (old_gain_all[y, c - 1] + gain * old_all[y, c - 1])
                    b_gain += empty[y] * (
                        new_gain_all[y, c - 1] + last_gain[y, c - 1]
                        + gain * (new_all[y, c - 1] + last[y, c - 1])
                    )  # fmt: skip
            now, now_gain = a, a_gain
            old[x, c], old_gain[x, c], new[x, c], new_gain[x, c] = a, a_gain, b, b_gain
            for near in range(gap - 1):
                y = x - gap - near
                if y < first_place or c == 1:
                    continue
                gain = gains[y + 1, x] if counts_gains else 0.0
                now += empty[y] * old_all[y, c - 1]
                now_gain += empty[y] * (old_gain_all[y, c - 1] + gain * old_all[y, c - 1])
                for i in range(n):
                    a, b = 0.0, last[y, c - 1]
                    for j in range(n):
                        a += both[near, i, j] * old[y, c - 1, j]
                        b += both[near, i, j] * new[y, c - 1, j]
                    old[x, c, i] += empty[y] * a
                    new[x, c, i] += empty[y] * b
                    if counts_gains:
                        a_gain, b_gain = gain * a, last_gain[y, c - 1] + gain * b
                        for j in range(n):
                            a_gain += both[near, i, j] * old_gain[y, c - 1, j]
                            b_gain += both[near, i, j] * new_gain[y, c - 1, j]
                        old_gain[x, c, i] += empty[y] * a_gain
                        new_gain[x, c, i] += empty[y] * b_gain
            last[x, c], last_gain[x, c] = weight[x] * now, weight[x] * now_gain
            for i in range(n):
                factor = weight[x] * np.exp(ages[i] * blocked)
                old[x, c, i] *= factor
                old_gain[x, c, i] *= factor
                new[x, c, i] *= factor
                new_gain[x, c, i] *= factor
                old_all[x, c] += age_weights[i] * old[x, c, i]
                old_gain_all[x, c] += age_weights[i] * old_gain[x, c, i]
                new_all[x, c] += age_weights[i] * new[x, c, i]
                new_gain_all[x, c] += age_weights[i] * new_gain[x, c, i]
            behind = np.exp(-s * (passed[n_places - 1] - passed[x]))
            share[c] += behind * (new_all[x, c] + last[x, c])
            total[c] += behind * (new_gain_all[x, c] + last_gain[x, c])


@njit(cache=True, error_model="numpy")
def overlaps(gap, s, ages, age_weights, integrals):
    """[near, i, j]: integral over the age a of the left neighbour of exp(-m min(a, a_i)).

    For neighbours gap + near apart, which block m = gap - 1 - near places in common.
    """
    n = ages.size
    both = np.zeros((gap - 1, n, n))
    for near in range(gap - 1):
        m = gap - 1.0 - near
        for i in range(n):
            for j in range(n):
                younger = s * integrals[i, j]
                both[near, i, j] = younger * np.exp(-m * ages[j]) + np.exp(-m * ages[i]) * (
                    age_weights[j] - younger
                )
    return both
