"""The expectation of e_ij at both counts, exactly, also where it is not linear in o_j.

e_ij is linear in the input's spikes, so e(o_j, o_i) = sum_t rho(t) R(t): rho(t) is the mean number
of input spikes at t, and R(t) what one at t is worth to a train of o_i spikes. With u(t, x) the
membrane at x after a spike at t, and no other, a spike of i at x adds u(t, x) less what was there
when the membrane was held last, t_ref after the spike at x' before, decayed since then. So

    R(t) = sum_x P(x) u(t, x) - sum_x' H(x') u(t, x' + t_ref),

with P(x) the mean number of spikes at x, H(x') that of (1 - 1/tau_m) ** (x - x' - t_ref) over those
at x' that a spike at x comes next to. Both are known exactly (`strsbp.spsp.density`).

Where the density of an input spike is that of a lone one times o_j, e_ij is o_j phi(o_i). On slots
it is. Spikes that keep a gap crowd at the ends of the interval, the more the more there are.
"""

import numpy as np
from scipy.linalg import toeplitz

from strsbp.settings import SimulatedTable
from strsbp.spsp.density import Densities, sequential_densities, uniform_densities
from strsbp.spsp.exact import ExactCurve


def expected_surface(curve: ExactCurve) -> np.ndarray:
    """e(o_j, o_i) in expectation for the trains of `curve`, float64, indexed [o_j - 1, o_i - 1].

    For the counts 1 .. largest of `curve` on both sides, good to 1e-7 of its largest value.
    """
    if curve.table.spsp == "corrected":
        return curve.counts[1:, None] * curve.phi[1:]
    return gap_surface(curve.table, curve.counts[-1])


def gap_surface(table: SimulatedTable, most: int) -> np.ndarray:
    """The same for trains that keep a gap, for the counts 1 .. `most`."""
    decay, hold = 1 - 1 / table.tau_m, table.refractory_steps
    drawn, kept, followed = densities(table, most, decay)
    worth = kept.copy()
    worth[:, hold:] -= followed[:, : table.n_steps + 1 - hold] / decay**hold
    # Of both sides' trains the same share can be drawn; o_j spikes are at any place.
    share = drawn[1:].sum(axis=1, keepdims=True) / np.arange(1, most + 1)[:, None]
    later = np.triu(toeplitz(membrane(table)))  # [t, x]
    return (drawn[1:] / share) @ later @ (worth[1:] / share).T


def densities(table: SimulatedTable, most: int, decay: float) -> Densities:
    """Of trains of up to `most` spikes; a published one of i with a spike at 0 counts as 0."""
    gap = table.refractory_steps + 1
    if table.spsp == "exact":
        return uniform_densities(table.n_steps, gap, most, decay)
    first_place = 1 if table.spsp == "published" else 0  # finding F2
    return sequential_densities(table.n_steps, gap, most, decay, first_place)


def membrane(table: SimulatedTable) -> np.ndarray:
    """The membrane 0 .. T steps after an input spike, without spikes of its own; (T + 1,)."""
    found = np.zeros(table.n_steps + 1)
    current, held = 0.0, 0.0
    for t in range(1, table.n_steps + 1):
        current = current * (1 - 1 / table.tau_s) + (t == 1)
        held = held * (1 - 1 / table.tau_m) + current / table.tau_s
        found[t] = held
    return found
