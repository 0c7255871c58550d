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
