"""The expectation of e_ij for one input spike, without Monte Carlo: phi(o_i) (finding F4).

e_ij is linear in the input's spikes, so for an input spike of a known density over time a spike
of i at x, after its last one at x', is worth a number G(x', x): what the membrane gathers between
the two. phi(o_i) is then the mean over all trains of o_i spikes of the sum of G over neighbours.
Where the density does not depend on o_j, on slots, e(o_j, o_i) = o_j phi(o_i); elsewhere nearly
(`strsbp.spsp.expectation`). The trains:

- `corrected`: trains on multiples of t_ref, each set of o_i of them as likely as any other;
- `exact`: times 1 .. T - 1, each set of o_i with at least t_ref + 1 steps in between as likely as
  any other, in the dynamics of the networks;
- `published` and `unblocked`: drawn one after the other (`strsbp.spsp.adsorption`).

Sums over sets go from spike to spike, with the number of sets that end at each place.

phi is known at whole counts, which is where training asks for dphi/do_i. On slots it has a formula
for every real count (`strsbp.spsp.slots`), whose derivative is taken. For the other trains there
is none: dphi/do_i is by definition that of the spline of degree 5 through the exact values. On
slots the spline is off by 6e-3 of the slope at o_i = 0, 1e-3 at 1, 4e-4 at 2 and 2e-6 at 10.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline

from strsbp.settings import SimulatedTable
from strsbp.spsp.adsorption import sequential_trains
from strsbp.spsp.slots import slot_slopes

_DEGREE = 5
"""Of the spline through the exact values."""


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

    def extended(self, n_counts: int) -> tuple[np.ndarray, np.ndarray]:
        """phi and its derivative at 0 .. `n_counts` - 1: on a straight line past the last count."""
        beyond = np.arange(self.phi.size, n_counts) - (self.phi.size - 1)
        slope = self.derivative[-1]
        phi = np.append(self.phi, self.phi[-1] + slope * beyond)[:n_counts]
        return phi, np.append(self.derivative, np.full(beyond.size, slope))[:n_counts]


def solve_curve(table: SimulatedTable) -> ExactCurve:
    """phi(o_i) for the trains of `table`, o_i = 0 .. grid (at most what trains can hold)."""
    most = min(table.grid, table.largest_count)
    gains = pair_gains(table)
    if table.spsp == "corrected":
        spacing = max(table.refractory_steps, 1)
        slots = np.arange(1, table.n_steps // spacing + 1) * spacing
        phi = uniform_means(gains, slots, 1, most)
    elif table.spsp == "exact":
        places = np.arange(1, table.n_steps)
        phi = uniform_means(gains, places, table.refractory_steps + 1, most)
    else:
        phi = _sequential_means(gains, table, most)
    if table.spsp == "corrected":
        after = gains[slots[:, None] + 1, slots]
        return ExactCurve(table, phi, slot_slopes(gains[0, slots], after, most))
    return ExactCurve(table, phi, spline_slopes(phi))


def spline_slopes(phi: np.ndarray) -> np.ndarray:
    """dphi/do at the counts 0 .. len(phi) - 1 as the derivative of the spline through `phi`."""
    counts = np.arange(phi.size)
    return make_interp_spline(counts, phi, k=min(_DEGREE, phi.size - 1)).derivative()(counts)


def pair_gains(table: SimulatedTable) -> np.ndarray:
    """G[x' + 1, x]: what a spike of i at x adds to e_ij after one at x'; G[0, x] as the first.

    (T + 2, T + 1) float64, in expectation over one input spike, which comes as often as any place
    of `table` holds it: the mean over trains of one spike.
    """
    n = table.n_steps + 1
    decay_m = 1 - 1 / table.tau_m
    density = _density(table)
    corrected = table.spsp == "corrected"
    gain = 1 / (table.tau_m if corrected else table.tau_s)
    current, free = np.zeros(n), np.zeros(n)  # `free`: the membrane without any spike of i
    for t in range(n):
        p, q = (current[t - 1], free[t - 1]) if t else (0.0, 0.0)
        if corrected:
            current[t] = p * (1 - 1 / table.tau_s) + density[t] / table.tau_s
        elif t:
            current[t] = p * (1 - 1 / table.tau_s) + density[t - 1]
        free[t] = q * decay_m + gain * current[t]
    gains = np.zeros((n + 1, n))
    gains[0] = free
    x = np.arange(n)
    for last in range(n):
        # The step at which the membrane is held for the last time. The corrected recursion adds
        # before it resets, so that a spike right after another finds what one step gathers.
        held = np.minimum(last + table.refractory_steps, x - 1 if corrected else x)
        later = x > last
        gathered = free[x] - decay_m ** (x - held) * free[held]
        gains[last + 1, later] = gathered[later]
    return gains


def _density(table: SimulatedTable) -> np.ndarray:
    """The chance that a train of one spike has it at 0 .. T."""
    n = table.n_steps + 1
    density = np.zeros(n)
    if table.spsp == "corrected":
        density[:: max(table.refractory_steps, 1)] = 1
        density[0] = 0
    elif table.spsp == "exact":
        density[1:-1] = 1
    else:  # round(U * T): the ends have half a place's chance
        density[:] = 1
        density[[0, -1]] = 0.5
    return density / density.sum()


def uniform_means(gains, places, gap: int, most: int) -> np.ndarray:
    """Mean summed gains of a train of k = 0 .. `most` spikes, all sets of `places` as likely.

    `places`: ascending times; neighbours are at least `gap` of them apart. Returns (most + 1,).
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
            scale = number.sum()  # numbers of sets soon have a hundred digits
            number, total = number / scale, total / scale
    return means


def _sequential_means(gains, table: SimulatedTable, most: int) -> np.ndarray:
    gap = table.refractory_steps + 1
    share, total = sequential_trains(table.n_steps, gap, most, gains)
    if table.spsp == "published":  # finding F2: a spike at 0 makes a trial count as 0
        _, total = sequential_trains(table.n_steps, gap, most, gains, first_place=1)
    return total / share
