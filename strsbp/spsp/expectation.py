"""The exact mean of e_ij at both counts, without Monte Carlo.

e_ij is linear in the input's spikes, so e(o_j, o_i) = sum_t rho(t) R(t), where rho(t) is the mean
number of input spikes at t, and R(t) the mean contribution of an input spike at t, given a train of
o_i output spikes. The trains:

- `published` and `unblocked`: drawn sequentially (`strsbp.spsp.density`);
- `exact`: times 1 .. T - 1, all sets of o_i times at least t_ref + 1 apart equally likely, in the
  dynamics of the networks;
- `corrected` and `corrected_draft`: spikes on multiples of t_ref ("slots"), all sets of o_i slots
  equally likely; a spike on the slot after one that adds is skipped.

For trains with a gap, let u(t, x) be the membrane at x due to a single input spike at t, without
resets. A spike of i at x with predecessor x' adds u(t, x) minus the decayed value of u at the last
step at which the membrane was held at 0, x' + t_ref. So

    R(t) = sum_x P(x) u(t, x) - sum_x' H(x') u(t, x' + t_ref),

where P(x) is the mean number of output spikes at x, and H(x') the mean of
(1 - 1/tau_m) ** (x - x' - t_ref) for a spike at x' followed by one at x, 0 if none follows. Both
are known exactly. Spikes that keep a gap pile up at the ends of the interval, more so at high
counts, so e_ij is only approximately proportional to o_j.

On slots the density rho of o_j input spikes is o_j times that of one spike, so e_ij is proportional
to o_j. Sums over equally likely sets of slots are computed recursively from spike to spike.
"""

import numpy as np
from scipy.linalg import toeplitz

from strsbp.reference.spsp import corrected_trace, published_trace
from strsbp.settings import SimulatedTable
from strsbp.spsp.density import sequential_densities, uniform_densities


def expected_surface(table: SimulatedTable, most: int) -> np.ndarray:
    """The exact mean of e_ij for the trains of `table`, float64, indexed [o_j - 1, o_i - 1].

    For counts 1 .. `most` on both sides; accurate to 1e-7 of the largest value.
    """
    counts = np.arange(1, most + 1)[:, None]
    if table.on_slots:
        return counts * slot_means(table, most)[1:]
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
    share = drawn[1:].sum(axis=1, keepdims=True) / counts
    steps = np.arange(table.n_steps + 1)
    _, _, membrane = published_trace(steps == 0, np.zeros(steps.size), **table.dynamics)
    later = np.triu(toeplitz(membrane))  # [t, x]
    return (drawn[1:] / share) @ later @ (worth[1:] / share).T


def slot_means(table: SimulatedTable, most: int) -> np.ndarray:
    """Mean e_ij of one input spike for k = 0 .. `most` output spikes on slots; (most + 1,)."""
    hold, n_steps = table.refractory_steps, table.n_steps
    spacing = max(hold, 1)
    slots = np.arange(spacing, n_steps + 1, spacing)
    n = slots.size
    density = np.isin(np.arange(n_steps + 1), slots) / n
    _, _, free = corrected_trace(density, np.zeros(n_steps + 1), **table.dynamics)
    # The first revision adds the membrane of the step before the spike.
    read = slots - 1 if table.spsp == "corrected_draft" else slots
    first = free[read]
    if hold == 0:  # nothing resets the membrane
        return np.arange(most + 1) * first.mean()
    # [from, to]: a spike that adds holds the membrane over the next slot, so none there adds.
    may_follow = np.triu(np.ones((n, n)), k=2)
    held = np.minimum(slots + hold, n_steps)[:, None]
    decayed = (1 - 1 / table.tau_m) ** np.maximum(read - held, 0) * free[held]
    after = may_follow * (first - decayed)
    means = np.zeros(most + 1)
    # Over all sets of k slots, by the slot of the last spike that adds, with no spike after it:
    # `share`, the fraction of such sets, and `total`, the sum of their e_ij. `earlier_...`: the
    # same for k - 1.
    share, total = np.full(n, 1 / n), first / n
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
