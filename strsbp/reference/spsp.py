"""The spike-train level post-synaptic potential e_ij of pairs of spike trains (section 5)."""

import numpy as np


def spsp_matrix(pre, post, *, tau_m, tau_s, refractory_steps) -> np.ndarray:
    """S-PSP of every pair, computed with the recursion, float64 of shape (n, m).

    `pre`: bool of shape (T, m); `post`: bool of shape (T, n); time constants and refractory period
    in steps. Every spike of the post-synaptic neuron resets the potential. A spike within the
    refractory period of the previous one finds the potential at 0, so it adds nothing, but it
    restarts the refractory period.
    """
    pre, post = np.asarray(pre, dtype=bool), np.asarray(post, dtype=bool)
    n_steps, n_pre = pre.shape
    n_post = post.shape[1]

    e = np.zeros((n_post, n_pre))
    synapse = np.zeros(n_pre)
    potential = np.zeros((n_post, n_pre))
    refractory = np.zeros(n_post, dtype=np.int64)

    for t in range(n_steps):
        if t > 0:
            synapse = synapse * (1 - 1 / tau_s) + pre[t - 1]
            potential = potential * (1 - 1 / tau_m) + synapse / tau_s

        held = refractory > 0
        potential[held] = 0.0
        refractory[held] -= 1

        fires = post[t]
        e[fires] += potential[fires]
        potential[fires] = 0.0
        refractory[fires] = refractory_steps

    return e


def unreset_traces(pre, *, tau_m, tau_s) -> np.ndarray:
    """U_j(t): the potential due to each pre-synaptic train without resets, shape (T, m)."""
    pre = np.asarray(pre, dtype=bool)
    traces = np.zeros(pre.shape)
    synapse = np.zeros(pre.shape[1])
    for t in range(1, len(pre)):
        synapse = synapse * (1 - 1 / tau_s) + pre[t - 1]
        traces[t] = traces[t - 1] * (1 - 1 / tau_m) + synapse / tau_s
    return traces


def spsp_matrix_from_traces(pre, post, *, tau_m, tau_s, refractory_steps) -> np.ndarray:
    """S-PSP of every pair from the unreset traces; equal to `spsp_matrix` by linearity.

    The potential at a spike t_f is U_j(t_f) minus the decayed value of U_j at the last step b at
    which the potential was held at 0. b = min(t_{f-1} + refractory_steps, t_f), so a spike within
    the refractory period has b = t_f and adds nothing.
    """
    post = np.asarray(post, dtype=bool)
    traces = unreset_traces(pre, tau_m=tau_m, tau_s=tau_s)
    e = np.zeros((post.shape[1], traces.shape[1]))

    for i in range(post.shape[1]):
        previous = None
        for t_f in np.flatnonzero(post[:, i]):
            e[i] += traces[t_f]
            if previous is not None:
                held_until = min(previous + refractory_steps, t_f)
                e[i] -= (1 - 1 / tau_m) ** (t_f - held_until) * traces[held_until]
            previous = t_f

    return e
