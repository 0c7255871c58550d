"""The exact mean of e_ij at both counts, also where it is not linear in o_j.

e_ij is linear in the input's spikes, so e(o_j, o_i) = sum_t rho(t) R(t), where rho(t) is the mean
number of input spikes at t, and R(t) the mean contribution of an input spike at t, given a train of
o_i output spikes. Let u(t, x) be the membrane at x due to a single input spike at t, without
resets. A spike of i at x with predecessor x' adds u(t, x) minus the decayed value of u at the last
step at which the membrane was held at 0, x' + t_ref. So

    R(t) = sum_x P(x) u(t, x) - sum_x' H(x') u(t, x' + t_ref),

where P(x) is the mean number of output spikes at x, and H(x') the mean of
(1 - 1/tau_m) ** (x - x' - t_ref) for a spike at x' followed by one at x, 0 if none follows. Both
are known exactly (`strsbp.spsp.density`).

On slots the density rho of o_j input spikes is o_j times that of one spike, so e_ij = o_j phi(o_i).
Spikes that keep a gap pile up at the ends of the interval, more so at high counts, so there the
product is approximate.
"""

import numpy as np
from scipy.linalg import toeplitz

from strsbp.reference.spsp import published_trace
from strsbp.spsp.density import sequential_densities, uniform_densities
from strsbp.spsp.exact import ExactCurve


def expected_surface(curve: ExactCurve) -> np.ndarray:
    """The exact mean of e_ij for the trains of `curve`, float64, indexed [o_j - 1, o_i - 1].

    For counts from 1 to the largest of `curve` on both sides; accurate to 1e-7 of the largest
    value.
    """
    table, most = curve.table, curve.counts[-1]
    if table.on_slots:
        return curve.counts[1:, None] * curve.phi[1:]
    decay, hold = 1 - 1 / table.tau_m, table.refractory_steps
    trains = table.n_steps, hold + 1, most, decay
    if table.spsp == "exact":
        drawn, kept, followed = uniform_densities(*trains)
    else:  # finding F2: a published train with a spike at 0 counts as 0
        first_place = 1 if table.spsp == "published" else 0
        drawn, kept, followed = sequential_densities(*trains, first_place)
    worth = kept.copy()
    worth[:, hold:] -= followed[:, : table.n_steps + 1 - hold] / decay**hold
    # Condition on trains that can be drawn: their density sums to the number of spikes.
    share = drawn[1:].sum(axis=1, keepdims=True) / np.arange(1, most + 1)[:, None]
    steps = np.arange(table.n_steps + 1)
    _, _, membrane = published_trace(steps == 0, np.zeros(steps.size), **table.dynamics)
    later = np.triu(toeplitz(membrane))  # [t, x]
    return (drawn[1:] / share) @ later @ (worth[1:] / share).T
