"""Where the spikes of trains drawn one after the other are, exactly: sums over single places.

Random sequential adsorption is a Markov chain along the line (`strsbp.spsp.adsorption`). Given the
age of the spike at a place, what lies left and right of it is independent, and what lies right is
what lies left in the mirror, for places have mirrored chances. So all that holds of one place is a
product of the sums over what comes before it, which are carried along the line, and their mirror
images, integrated over the age. One spike of the train is the one that came last and has the age
0: it lies left, right, or at the place itself.
"""

import numpy as np
from numba import njit, prange

from strsbp.spsp.adsorption import (
    LARGEST_LOG,
    N_NODES,
    SMALLEST_LOG,
    STEP,
    integration_rule,
    overlaps,
    place_weights,
)

_SMALLEST_SHARE = 1e-20
"""Counts of spikes up to a place whose sums are this much below the largest are left out."""
_N_PARTS = 16
"""Of the times; a number of its own, so that sums do not depend on the number of threads."""


def sequential_densities(
    n_steps: int, gap: int, most: int, decay: float, first_place: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Expected spikes at every place of trains of k = 0 .. `most` spikes, and what follows them.

    Trains as in `sequential_trains`; those with a spike before `first_place` count as empty.
    Returns two float64 arrays (most + 1, n_steps + 1): [k, x] is the chance of a spike at x, and
    the mean of `decay` ** (distance from x to the next spike), 0 without a spike at x or after it.
    Both are among all drawings, also those that cannot end (finding F3), good to 1e-7 of the
    chance that they end.
    """
    weight = place_weights(n_steps)
    times = np.exp(np.arange(SMALLEST_LOG, LARGEST_LOG, STEP))
    parts = np.zeros((2, _N_PARTS, n_steps + 1, most + 1))
    _over_times(times, weight, gap, most, *integration_rule(N_NODES), first_place, decay, *parts)
    density, followed = parts.sum(axis=1).transpose(0, 2, 1)
    return density, followed


@njit(parallel=True, cache=True, error_model="numpy")
def _over_times(
    times, weight, gap, most, nodes, node_weights, integrals, first_place, decay, density, followed
):  # fmt: skip
    for part in prange(_N_PARTS):
        shape = (weight.size, nodes.size, most + 1)
        before = np.empty((2, *shape))
        following = np.empty((2, *shape))
        restricted = np.empty((2, *shape)) if first_place else before
        unused = np.empty((2, *shape)) if first_place else following
        for k in range(part, times.size, _N_PARTS):
            _at_time(
                times[k], weight, gap, most, nodes, node_weights, integrals, first_place, decay,
                before, following, restricted, unused, density[part], followed[part],
            )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _at_time(
    s, weight, gap, most, nodes, node_weights, integrals, first_place, decay,
    before, following, restricted, unused, density, followed,
):  # fmt: skip
    """Add to density[x, k] and followed[x, k] what the moment s of the k-th spike contributes."""
    n_places, n = weight.size, nodes.size
    # No more spikes come than are tried, a Poisson number.
    tried = s * (n_places - 1)
    most = min(most, int(tried + 12 * np.sqrt(tried) + 12))
    ages, age_weights = nodes * s, node_weights * s
    both = overlaps(gap, s, ages, age_weights, integrals)
    passed = np.cumsum(weight)
    own = np.empty((n_places, n))
    for x in range(n_places):
        blocked = 0.0
        for y in range(max(0, x - gap + 1), min(n_places, x + gap)):
            blocked += weight[y]
        for i in range(n):
            own[x, i] = weight[x] * np.exp(ages[i] * blocked)
    last, last_followed = np.empty((n_places, most + 1)), np.empty((n_places, most + 1))
    low, high = np.empty((2, n_places), dtype=np.int64)
    _along_line(
        s, weight, passed, own, both, age_weights, gap, most, 0, decay,
        before, following, last, last_followed, low, high,
    )  # fmt: skip
    left, left_last, left_low, left_high = before, last, low, high
    if first_place:
        left = restricted
        left_last = np.empty((n_places, most + 1))
        left_low, left_high = np.empty((2, n_places), dtype=np.int64)
        _along_line(
            s, weight, passed, own, both, age_weights, gap, most, first_place, decay,
            restricted, unused, left_last, np.empty((n_places, most + 1)), left_low, left_high,
        )  # fmt: skip
    for x in range(first_place, n_places):
        mirror = n_places - 1 - x
        # The place itself counts as tried on both sides.
        scale = s * STEP * np.exp(s * weight[x])
        for c in range(left_low[x], left_high[x] + 1):
            a, b = low[mirror], min(high[mirror], most + 1 - c)
            at = scale / weight[x] * left_last[x, c]
            for d in range(a, b + 1):
                density[x, c + d - 1] += at * last[mirror, d]
                followed[x, c + d - 1] += at * last_followed[mirror, d]
            for i in range(n):
                at = scale * age_weights[i] / own[x, i]
                old, new = at * left[0, x, i, c], at * left[1, x, i, c]
                for d in range(a, b + 1):
                    density[x, c + d - 1] += (
                        old * before[1, mirror, i, d] + new * before[0, mirror, i, d]
                    )
                    followed[x, c + d - 1] += (
                        old * following[1, mirror, i, d] + new * following[0, mirror, i, d]
                    )


@njit(cache=True, error_model="numpy")
def _along_line(
    s, weight, passed, own, both, age_weights, gap, most, first_place, decay,
    before, following, last, last_followed, low, high,
):  # fmt: skip
    """Fill the sums over the trains up to a spike at x, the c-th, with the i-th age.

    before[0, x, i, c] without and before[1, x, i, c] with a spike of age 0 before x; last[x, c]
    where it is the spike at x itself. `following` and `last_followed` are the same sums, each
    train times `decay` ** (distance from x to the spike before). Only counts low[x] .. high[x]
    are filled.
    """
    n_places, n = weight.size, age_weights.size
    # Over earlier places that block none in common with x, whose ages do not matter: [old, new].
    far, far_followed = np.zeros((2, most + 1)), np.zeros((2, most + 1))
    everywhere = np.zeros((n_places, 2, most + 1))  # integrated over the age
    near_sum = np.empty(most + 1)
    for x in range(first_place, n_places):
        far *= np.exp(-s * weight[x])
        far_followed *= np.exp(-s * weight[x]) * decay
        y = x - 2 * gap + 1
        if y >= first_place:
            empty = np.exp(-s * (passed[x] - passed[y]))
            worth = decay ** (x - y)
            for kind in range(2):
                for c in range(low[y], high[y] + 1):
                    far[kind, c] += empty * everywhere[y, kind, c]
                    far_followed[kind, c] += worth * empty * everywhere[y, kind, c]
        first, end = (1, 1) if x < first_place + gap else (most, 1)
        for y in range(max(first_place, x - 2 * gap + 1), x - gap + 1):
            first, end = min(first, low[y]), max(end, min(high[y] + 1, most))
        for c in range(first, end + 1):
            start = np.exp(-s * passed[x]) if c == 1 else 0.0
            last[x, c] = start + far[0, c - 1]
            last_followed[x, c] = far_followed[0, c - 1]
            before[0, x, :, c] = start + far[0, c - 1]
            before[1, x, :, c] = far[1, c - 1]
            following[0, x, :, c] = far_followed[0, c - 1]
            following[1, x, :, c] = far_followed[1, c - 1]
        for y in range(max(first_place, x - 2 * gap + 2), x - gap + 1):
            near = x - gap - y
            empty = np.exp(-s * (passed[x] - passed[y]))
            worth = decay ** (x - y)
            a, b = low[y], min(high[y], most - 1)
            for c in range(a, b + 1):
                last[x, c + 1] += empty * everywhere[y, 0, c]
                last_followed[x, c + 1] += worth * empty * everywhere[y, 0, c]
            for kind in range(2):
                for i in range(n):
                    for c in range(a, b + 1):
                        near_sum[c] = last[y, c] if kind else 0.0
                    for j in range(n):
                        share = both[near, i, j]
                        for c in range(a, b + 1):
                            near_sum[c] += share * before[kind, y, j, c]
                    for c in range(a, b + 1):
                        before[kind, x, i, c + 1] += empty * near_sum[c]
                        following[kind, x, i, c + 1] += worth * empty * near_sum[c]
        for c in range(first, end + 1):
            last[x, c] *= weight[x]
            last_followed[x, c] *= weight[x]
            everywhere[x, 1, c] = last[x, c]
        for kind in range(2):
            for i in range(n):
                for c in range(first, end + 1):
                    before[kind, x, i, c] *= own[x, i]
                    following[kind, x, i, c] *= own[x, i]
                    everywhere[x, kind, c] += age_weights[i] * before[kind, x, i, c]
        low[x], high[x] = end, first
        largest = everywhere[x, 0].max(), everywhere[x, 1].max()
        for c in range(first, end + 1):
            if (
                everywhere[x, 0, c] > _SMALLEST_SHARE * largest[0]
                or everywhere[x, 1, c] > _SMALLEST_SHARE * largest[1]
            ):
                low[x], high[x] = min(low[x], c), max(high[x], c)
