"""The exact mean of e_ij per input spike, phi(o_i), without Monte Carlo (finding F4).

e_ij is linear in the input's spikes. So, given the density of an input spike over time, a spike of
i at x whose predecessor is at x' adds a known amount G(x', x): what the membrane accumulates
between the two. phi(o_i) is the mean, over all trains of o_i spikes, of the sum of G over
consecutive spikes. If the density of an input spike does not depend on o_j, which is true on slots,
then e(o_j, o_i) = o_j phi(o_i); otherwise this is an approximation (`strsbp.spsp.expectation`).
The trains:

- `corrected` and `corrected_draft`: spikes on multiples of t_ref ("slots"), all sets of o_i slots
  equally likely; a spike on the slot after one that adds is skipped;
- `exact`: times 1 .. T - 1, all sets of o_i times at least t_ref + 1 apart equally likely, in the
  dynamics of the networks;
- `published` and `unblocked`: drawn sequentially (`strsbp.spsp.adsorption`).

Sums over equally likely sets are computed recursively from spike to spike, together with the number
of sets that end at each place.

Training needs dphi/do_i at whole counts: the derivative of the spline of degree 5 through the exact
values.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.interpolate import make_interp_spline

from strsbp.files import read_csv, write_csv
from strsbp.reference.spsp import corrected_trace, published_trace
from strsbp.settings import SimulatedTable
from strsbp.spsp.adsorption import sequential_trains

_DEGREE = 5
"""Degree of the spline through the exact values."""


@dataclass(frozen=True)
class ExactCurve:
    """phi and dphi/do_i at the counts 0 .. largest, float64."""

    table: SimulatedTable
    phi: np.ndarray
    derivative: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """The output counts, from 0."""
        return np.arange(self.phi.size)


def extended(phi, slopes, n_counts: int) -> tuple[np.ndarray, np.ndarray]:
    """`phi` and `slopes` at 0 .. `n_counts` - 1, linear past their last count."""
    beyond = np.arange(1, n_counts - phi.size + 1)
    phi = np.append(phi, phi[-1] + slopes[-1] * beyond)[:n_counts]
    return phi, np.append(slopes, np.full(beyond.size, slopes[-1]))[:n_counts]


def read_curve(table: SimulatedTable, path: str | Path) -> ExactCurve:
    """Read the curve of `table` from the file `path`; raises `ResultsError`."""
    frame = read_csv(path, ["o_i", "phi", "derivative"])
    return ExactCurve(table, frame["phi"].to_numpy(), frame["derivative"].to_numpy())


def solve_curve(table: SimulatedTable) -> ExactCurve:
    """phi(o_i) for the trains of `table`, o_i = 0 .. grid (or the most spikes that fit)."""
    most = min(table.grid, table.largest_count)
    gains = pair_gains(table)
    if table.on_slots:
        spacing = max(table.refractory_steps, 1)
        slots = np.arange(spacing, table.n_steps + 1, spacing)
        means = skipping_means if table.refractory_steps else partial(uniform_means, gap=1)
        phi = means(gains, slots, most=most)
    elif table.spsp == "exact":
        places = np.arange(1, table.n_steps)
        phi = uniform_means(gains, places, table.refractory_steps + 1, most)
    else:
        phi = _sequential_means(gains, table, most)
    counts = np.arange(phi.size)
    spline = make_interp_spline(counts, phi, k=min(_DEGREE, phi.size - 1))
    return ExactCurve(table, phi, spline.derivative()(counts))


def pair_gains(table: SimulatedTable) -> np.ndarray:
    """G[x' + 1, x]: what a spike of i at x after one at x' adds to e_ij; G[0, x]: a first spike.

    (T + 2, T + 1) float64, averaged over the time of the one spike of an input train of `table`.
    """
    n = table.n_steps + 1
    trace = corrected_trace if table.on_slots else published_trace
    _, _, free = trace(_density(table), np.zeros(n), **table.dynamics)  # without any spike of i
    gains = np.zeros((n + 1, n))
    gains[0] = free
    x = np.arange(n)
    for last in range(n):
        held = np.minimum(last + table.refractory_steps, x)  # the last step of the hold
        later = x > last
        gathered = free[x] - (1 - 1 / table.tau_m) ** (x - held) * free[held]
        gains[last + 1, later] = gathered[later]
    if table.on_slots and table.refractory_steps == 0:  # nothing resets the membrane
        gains[:] = free
    if table.spsp == "corrected_draft":  # a spike adds the membrane of the step before
        gains = np.pad(gains[:, :-1], ((0, 0), (1, 0)))
    return gains


def _density(table: SimulatedTable) -> np.ndarray:
    """The probability that the spike of a one-spike train is at 0 .. T."""
    n = table.n_steps + 1
    density = np.zeros(n)
    if table.on_slots:
        density[:: max(table.refractory_steps, 1)] = 1
        density[0] = 0
    elif table.spsp == "exact":
        density[1:-1] = 1
    else:  # round(U * T): the ends are half as likely
        density[:] = 1
        density[[0, -1]] = 0.5
    return density / density.sum()


def uniform_means(gains, places, gap: int, most: int) -> np.ndarray:
    """Mean total gain of a train of k = 0 .. `most` spikes, all sets of `places` equally likely.

    `places`: ascending times; consecutive spikes are at least `gap` entries of it apart. Returns
    (most + 1,).
    """
    n = len(places)
    first = gains[0, places]
    after = gains[np.asarray(places)[:, None] + 1, places]  # [from, to]
    may_follow = np.triu(np.ones((n, n)), k=gap)
    means = np.zeros(most + 1)
    number, total = np.ones(n), first.copy()
    for k in range(1, most + 1):
        means[k] = total.sum() / number.sum()
        total = total @ may_follow + number @ (may_follow * after)
        number = number @ may_follow
        if k < most:
            scale = number.sum()  # rescale, since the numbers of sets would overflow
            number, total = number / scale, total / scale
    return means


def skipping_means(gains, slots, most: int) -> np.ndarray:
    """Mean total gain of a train of k = 0 .. `most` spikes, all sets of `slots` equally likely.

    `slots`: ascending times. A spike that adds its gain holds the membrane over the next slot, so a
    spike there is skipped. Returns (most + 1,).
    """
    n = len(slots)
    may_follow = np.triu(np.ones((n, n)), k=2)
    after = may_follow * gains[np.asarray(slots)[:, None] + 1, slots]
    means = np.zeros(most + 1)
    # Of all sets of k slots, the share whose last spike that adds is at each slot, with no spike
    # after it, and their total gain: now, and for k - 1.
    share, total = np.full(n, 1 / n), gains[0, slots] / n
    earlier_share, earlier_total = np.zeros(n), np.zeros(n)
    for k in range(1, most + 1):
        one_more = k / (n - k + 1)  # sets of k - 1 slots over sets of k
        means[k] = total.sum() + one_more * earlier_total[:-1].sum()  # the last spike was skipped
        if k == most:
            break
        grown = (k + 1) / (n - k)
        before = share + one_more * earlier_share  # the next slot stays empty, or is skipped
        gathered = total + one_more * earlier_total
        earlier_share, earlier_total = share, total
        share = grown * (before @ may_follow)
        total = grown * (gathered @ may_follow + before @ after)
    return means


def _sequential_means(gains, table: SimulatedTable, most: int) -> np.ndarray:
    gap = table.refractory_steps + 1
    share, total = sequential_trains(table.n_steps, gap, most, gains)
    if table.spsp == "published":  # finding F2: a trial with a spike at 0 counts as 0
        _, total = sequential_trains(table.n_steps, gap, most, gains, first_place=1)
    return total / share


def solve_spsp(*, table: str, curve: str | Path) -> None:
    """Write the expectation of e_ij for the trains of the table named `table` as CSV."""
    import pandas as pd

    solved = solve_curve(SimulatedTable.from_key(table))
    frame = pd.DataFrame(dict(o_i=solved.counts, phi=solved.phi, derivative=solved.derivative))
    write_csv(frame, curve, digits=15)
