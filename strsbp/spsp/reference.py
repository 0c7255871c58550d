"""e_ij of one pair of spike trains, step by step, in float64: the reference for simulations."""

import numpy as np


def published_trace(pre, post, *, tau_m, tau_s, refractory_steps):
    """The recursion of specification, section 5 (the study's Listing 1).

    `pre`, `post`: (T + 1,) bool, spikes at steps 0 .. T. Steps 1 .. T are run; an input spike takes
    effect one step later. Returns (e_ij, current (T + 1,), membrane (T + 1,)); the membrane is
    recorded before it is reset by a spike of the same step.
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


def corrected_trace(pre, post, *, tau_m, tau_s, refractory_steps):
    """The Euler steps of the study's Listing 2 (Eq. 1 with R = 1 and dt = 1).

    Arguments and results as in `published_trace`. An input spike takes effect in the same step, and
    a spike of i adds the potential before it is held at 0 for `refractory_steps` steps. The text
    allows other readings, but this one gives the study's 0.1315 (see `docs/algorithm.md`, section
    9, and `tests/test_spsp_simulate.py`).
    """
    n = len(pre)
    current, membrane = np.zeros(n), np.zeros(n)
    alpha = eps = e = 0.0
    held = 0
    for t in range(n):
        alpha += (float(pre[t]) - alpha) / tau_s
        eps += (alpha - eps) / tau_m
        current[t], membrane[t] = alpha, eps
        was_held = held > 0
        held = max(held - 1, 0)
        if post[t]:
            e, held = e + eps, refractory_steps
        if post[t] or was_held:
            eps = 0.0
    return e, current, membrane
