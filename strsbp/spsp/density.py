"""Exact densities: how often the spikes of a train are at each place.

In the published simulation, trains are drawn by random sequential adsorption: spike times are drawn
one after the other, uniformly among the places at least `gap` steps from all earlier ones, until
there are k spikes (rejected draws make no difference). Such trains are not uniformly distributed
over all trains with that gap, and their probability is not a product. Instead, imagine a
continuous-time process in which every place y is tried at rate w(y), forever. Its train at time s
has the weight

    prod_i w(x_i) exp(a_i B(x_i)) da_i  *  prod_i exp(-m_i min(a_i, a_i+1))  *  exp(-s sum_y w(y))

where a_i = s - (arrival time of spike i) is the age of a spike, B(x) the total rate of the places
blocked by a spike at x, and m_i that of the places blocked by both neighbours i and i + 1. This is
a Markov chain along the line with state (place, age). The order of arrivals does not depend on
their times, so the train at the moment of the k-th arrival has the distribution of the simulated
trains of k spikes. At that moment one spike has age 0. Integrating over s gives sums over all such
trains without Monte Carlo. Ages are integrated with Gauss-Legendre quadrature, log s with the
trapezoidal rule, which converges exponentially for smooth functions that vanish at both ends.

Given a spike at a place (and its age, for sequentially drawn trains), the spikes to its left and
right are independent. Mirrored trains are equally likely, so the sums over the right side are
mirror images of those over the left side. A density is thus a product of sums that are carried
along the line and their mirror images. For sequentially drawn trains this product is integrated
over the age; one spike, the last to arrive, has age 0, and it is to the left, to the right, or at
the place itself.
"""

from collections import namedtuple
from typing import NamedTuple

import numpy as np
from numba import prange

from strsbp.compiled import kernel, parallel

N_NODES = 24
"""Number of quadrature nodes for the age."""
STEP = 0.06
"""Step in log s. The arrival time of the 100th spike varies by about 10 %, log s by 0.1."""
SMALLEST_LOG, LARGEST_LOG = -24.0, 4.2
"""Range of log s; a free end place is still empty at the end with probability
exp(-exp(4.2) / 2) = 3e-15."""
LARGEST_EXPONENT = 700.0
"""Close to the largest x for which exp(x) is finite in double precision."""
_SMALLEST_SHARE = 1e-20
"""Spike counts up to a place whose sums are smaller than this share of the largest are ignored."""
_N_PARTS = 16
"""Parts into which the times are split; fixed, so sums do not depend on the number of threads."""


class Densities(NamedTuple):
    """Densities of trains of k = 0 .. most spikes at places 0 .. T, each (most + 1, T + 1) float64.

    `drawn`[k, x]: the mean number of spikes at x. `kept`: the same, with excluded trains counting
    as 0. `followed`: over the kept trains, the mean of decay ** (distance from x to the next
    spike), counting 0 if x has no spike or the last one.
    """

    drawn: np.ndarray
    kept: np.ndarray
    followed: np.ndarray


def uniform_densities(n_steps: int, gap: int, most: int, decay: float) -> Densities:
    """Densities if all trains at 1 .. `n_steps` - 1 with a gap of `gap` are equally likely.

    No train is excluded. `most` must not exceed the number of spikes that fit.
    """
    n = n_steps - 1
    may_follow = np.triu(np.ones((n, n)), k=gap)
    distance = np.maximum(np.arange(n) - np.arange(n)[:, None], 0)
    worth = may_follow * decay**distance
    # For sets of c places: shares by the last spike, and the logarithm of the number of sets.
    sets, sets_followed, log_number = np.zeros((most + 1, n)), np.zeros((most + 1, n)), [0.0, 0.0]
    sets[1] = 1
    for c in range(2, most + 1):
        sets[c], sets_followed[c] = sets[c - 1] @ may_follow, sets[c - 1] @ worth
        scale = sets[c].sum()
        sets[c], sets_followed[c] = sets[c] / scale, sets_followed[c] / scale
        log_number.append(log_number[-1] + np.log(scale))
    logs = np.array(log_number)
    density, followed = np.zeros((2, most + 1, n_steps + 1))
    for k in range(1, most + 1):
        left = np.arange(1, k + 1)
        right = k + 1 - left
        share = np.exp(logs[left] + logs[right] - (logs[left] + logs[right]).max())
        density[k, 1:-1] = np.einsum("c,cx,cx->x", share, sets[left], sets[right, ::-1])
        followed[k, 1:-1] = np.einsum("c,cx,cx->x", share, sets[left], sets_followed[right, ::-1])
        scale = k / density[k].sum()
        density[k], followed[k] = scale * density[k], scale * followed[k]
    return Densities(density, density, followed)


def sequential_densities(
    n_steps: int, gap: int, most: int, decay: float, first_place: int = 0
) -> Densities:
    """Densities of sequentially drawn trains.

    Spikes are at round(U * n_steps), i.e. at 0 .. `n_steps`, the two ends half as likely. Trains
    with a spike before `first_place` are excluded. Means are over all attempts to draw a train,
    with attempts that never end counting as 0 (finding F3); accurate to 1e-9 where nearly all
    attempts end, otherwise to 1e-7.
    """
    line = _Line(place_weights(n_steps), gap, most, *integration_rule(N_NODES), decay)
    parts = np.zeros((3, _N_PARTS, n_steps + 1, most + 1))
    _over_times(moments(gap), line, first_place, *parts)
    drawn, kept, followed = parts.sum(axis=1).transpose(0, 2, 1)
    return Densities(drawn if first_place else kept, kept, followed)


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


_Line = namedtuple("_Line", "weight gap most nodes node_weights integrals decay")
"""The places, the trains that are asked for, and the rule for integrals over the age."""
_Moment = namedtuple("_Moment", "s most age_weights both passed own")
"""What follows from a `_Line` at time s; `own`: the weight factor of a spike, by place and age."""


class _Side(NamedTuple):
    """Sums over trains up to the c-th spike, which is at x and has the i-th age.

    Only counts low[x] .. high[x] are filled.
    """

    before: np.ndarray
    """[0, x, i, c]: no earlier spike has age 0; [1, x, i, c]: an earlier spike has age 0."""
    last: np.ndarray
    """[x, c]: the spike at x has age 0."""
    low: np.ndarray
    high: np.ndarray


@kernel
def _sides(line):
    """Work arrays for two sides with the same low and high."""
    n_places, n_counts = line.weight.size, line.most + 1
    shape = (2, n_places, line.nodes.size, n_counts)
    last, last_following = np.empty((2, n_places, n_counts))
    low, high = np.empty((2, n_places), dtype=np.int64)
    return (
        _Side(np.empty(shape), last, low, high), _Side(np.empty(shape), last_following, low, high),
    )  # fmt: skip


@parallel
def _over_times(times, line, first_place, drawn, kept, followed):
    for part in prange(_N_PARTS):
        whole = _sides(line)
        left = _sides(line) if first_place else whole
        for k in range(part, times.size, _N_PARTS):
            _at_time(
                times[k], line, first_place, whole, left, drawn[part], kept[part], followed[part]
            )


@kernel
def _at_time(s, line, first_place, whole, left, drawn, kept, followed):
    """Add the contribution of k-th arrivals at time s to each [x, k]."""
    weight, gap = line.weight, line.gap
    n_places = weight.size
    # The number of arrivals is bounded by the number of attempts, which is Poisson distributed.
    tried = s * (n_places - 1)
    most = min(line.most, int(tried + 12 * np.sqrt(tried) + 12))
    ages, age_weights = line.nodes * s, line.node_weights * s
    both = overlaps(gap, s, ages, age_weights, line.integrals)
    own = np.empty((n_places, ages.size))
    for x in range(n_places):
        blocked = 0.0
        for y in range(max(0, x - gap + 1), min(n_places, x + gap)):
            blocked += weight[y]
        own[x] = weight[x] * np.exp(ages * blocked)
    moment = _Moment(s, most, age_weights, both, np.cumsum(weight), own)
    _along_line(line, moment, 0, *whole)
    if first_place:
        _along_line(line, moment, first_place, *left)
    for x in range(n_places):
        # Both sides include the attempts at x and the factor of its spike, so divide one out.
        scale = s * STEP * np.exp(s * weight[x])
        by_age, at_last = scale * age_weights / own[x], scale / weight[x]
        if first_place:
            _join(by_age, at_last, most, x, whole[0], whole[0], drawn[x])
        if x >= first_place:
            _join(by_age, at_last, most, x, left[0], whole[0], kept[x])
            _join(by_age, at_last, most, x, left[0], whole[1], followed[x])


@kernel
def overlaps(gap, s, ages, age_weights, integrals):
    """Weights [near, i, j] of the integral of exp(-m min(a, a_i)) over the left neighbour's age a.

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
                both[near, i, j] = younger * np.exp(-m * ages[j]) + np.exp(-m * ages[i]) * (
                    age_weights[j] - younger
                )
    return both


@kernel
def _join(by_age, at_last, most, x, left, right, out):
    """Add to out[k] the products of the sums left and right of x; both include its spike."""
    mirror = right.low.size - 1 - x
    for c in range(left.low[x], left.high[x] + 1):
        end = min(right.high[mirror], most + 1 - c)
        for d in range(right.low[mirror], end + 1):
            out[c + d - 1] += at_last * left.last[x, c] * right.last[mirror, d]
        for i in range(by_age.size):
            old, new = by_age[i] * left.before[0, x, i, c], by_age[i] * left.before[1, x, i, c]
            for d in range(right.low[mirror], end + 1):
                out[c + d - 1] += (
                    old * right.before[1, mirror, i, d] + new * right.before[0, mirror, i, d]
                )


@kernel
def _along_line(line, moment, first_place, side, following_side):
    """Fill `side`, and with trains weighted by decay ** (last interval) `following_side`."""
    weight, gap, decay = line.weight, line.gap, line.decay
    s, most, age_weights, both, passed, own = moment
    before, last, low, high = side
    following, last_following = following_side.before, following_side.last
    n_places, n = weight.size, age_weights.size
    # Sums over far earlier places, which block no place in common with x: [old, new].
    far, far_following = np.zeros((2, most + 1)), np.zeros((2, most + 1))
    everywhere = np.zeros((n_places, 2, most + 1))  # `before` integrated over the age, with `last`
    near_sum = np.empty(most + 1)
    for x in range(first_place, n_places):
        far *= np.exp(-s * weight[x])
        far_following *= np.exp(-s * weight[x]) * decay
        y = x - 2 * gap + 1
        if y >= first_place:
            empty = np.exp(-s * (passed[x] - passed[y]))
            worth = decay ** (x - y)
            for kind in range(2):
                for c in range(low[y], high[y] + 1):
                    far[kind, c] += empty * everywhere[y, kind, c]
                    far_following[kind, c] += worth * empty * everywhere[y, kind, c]
        first, end = (1, 1) if x < first_place + gap else (most, 1)
        for y in range(max(first_place, x - 2 * gap + 1), x - gap + 1):
            first, end = min(first, low[y]), max(end, min(high[y] + 1, most))
        for c in range(first, end + 1):
            start = np.exp(-s * passed[x]) if c == 1 else 0.0
            last[x, c] = start + far[0, c - 1]
            last_following[x, c] = far_following[0, c - 1]
            before[0, x, :, c] = start + far[0, c - 1]
            before[1, x, :, c] = far[1, c - 1]
            following[0, x, :, c] = far_following[0, c - 1]
            following[1, x, :, c] = far_following[1, c - 1]
        for y in range(max(first_place, x - 2 * gap + 2), x - gap + 1):
            near = x - gap - y
            empty = np.exp(-s * (passed[x] - passed[y]))
            worth = decay ** (x - y)
            a, b = low[y], min(high[y], most - 1)
            for c in range(a, b + 1):
                last[x, c + 1] += empty * everywhere[y, 0, c]
                last_following[x, c + 1] += worth * empty * everywhere[y, 0, c]
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
            last_following[x, c] *= weight[x]
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
