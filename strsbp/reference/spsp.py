"""The spike-train level post-synaptic potential e_ij of pairs of trains (sections 5 and 9)."""

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


def published_trace(pre, post, *, tau_m, tau_s, refractory_steps):
    """The recursion of `spsp_matrix` for one pair, with its state (the study's Listing 1).

    `pre`, `post` (T + 1,): spikes at steps 0 .. T; `pre` may also be a density of spikes. Steps
    1 .. T are run; an input spike takes effect one step later. Returns (e_ij, current (T + 1,),
    membrane (T + 1,)); the membrane is recorded before it is reset by a spike of the same step.
    """
    n = len(pre)
    current, membrane = np.zeros(n), np.zeros(n)
    p = q = e = 0.0
    held = refractory_steps if post[0] else 0
    for t in range(1, n):
        p = p * (1 - 1 / tau_s) + float(pre[t - 1])
        q = q * (1 - 1 / tau_m) + p / tau_s
        if held > 0:
            q, held = 0.0, held - 1
        current[t], membrane[t] = p, q
        if post[t]:
            e, q, held = e + q, 0.0, refractory_steps
    return e, current, membrane


def corrected_trace(pre, post, *, tau_m, tau_s, refractory_steps, draft=False):
    """The Euler steps of the study's Listing 2 (Eq. 1 with R = 1 and dt = 1).

    Arguments and results as in `published_trace`, for steps 1 .. T. An input spike reaches the
    membrane two steps later. A spike of i adds the membrane of its step and holds the membrane at 0
    for `refractory_steps` steps; a spike during the hold does nothing. `draft`: the listing's first
    revision, in which a spike adds the membrane of the step before.
    """
    n = len(pre)
    current, membrane = np.zeros(n), np.zeros(n)
    e, held = 0.0, 0
    for t in range(n - 1):
        current[t + 1] = current[t] * (1 - 1 / tau_s) + float(pre[t]) / tau_s
        if held > 0:
            held -= 1
            continue
        membrane[t + 1] = membrane[t] * (1 - 1 / tau_m) + current[t] / tau_m
        if post[t + 1]:
            e += membrane[t] if draft else membrane[t + 1]
            held = refractory_steps
    return e, current, membrane
