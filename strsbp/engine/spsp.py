"""The spike-train level post-synaptic potential e_ij from traces (specification, section 5).

e_ij is linear in the spikes of the pre-synaptic neuron j. Instead of filtering every input
forward in time and reading two rows per spike of i, the filter is run backward in time for the
post-synaptic neurons i, once per layer:

    lam_i(t) = (1 - 1/tau_m)^(t_f - t)   for t in (t_{f-1} + t_ref, t_f],  else 0
    mu_i(t)  = (1 - 1/tau_s) mu_i(t + 1) + lam_i(t) / tau_s
    e_ij     = sum over the spikes t_j of j of mu_i(t_j + 1)

This is the same sum in a different order (the transpose of the recursion). It reads one row per
spike of j and produces e in the layout of the weights. Silent inputs cost nothing.
"""

import numpy as np
from numba import njit

from strsbp.engine.forward import WORD, add_rows, table_of_trains
from strsbp.simd import mask, splat, store, where, zeros


@njit(inline="always")
def _trace_neurons(like, i, column, refractory_steps, decay_s, decay_m, gain, fired, traces):
    """Traces of neurons i, i + 1, ..., one per lane of `like`, stored from `column` on."""
    one, decay_s, decay_m = splat(like, np.float32(1.0)), splat(like, decay_s), splat(like, decay_m)
    gain = splat(like, gain)
    word, bit = i // WORD, np.uint64(i % WORD)
    window = trace = like
    for t in range(traces.shape[0] - 2, 0, -1):
        window *= decay_m
        # Refractory steps after a spike do not count, since the membrane is held at 0.
        if 0 < refractory_steps <= t:
            window = where(mask(like, fired[t - refractory_steps, word] >> bit), like, window)
        window = where(mask(like, fired[t, word] >> bit), one, window)
        trace = trace * decay_s + window * gain
        store(traces, t, column, trace)


@njit(inline="always")
def _spsp_of_neurons(like, i, column, traces, neuron_ptr, neuron_times, active, spsp):
    for row in range(active.size):
        start, stop = neuron_ptr[active[row]], neuron_ptr[active[row] + 1]
        total = add_rows(like, like, traces[1:], column, neuron_times, start, stop)
        store(spsp, row, i, total)


@njit(cache=True, nogil=True, error_model="numpy")
def spsp_of_active(
    step_ptr, step_idx, refractory_steps, decay_s, decay_m, gain, fired, traces, neuron_ptr,
    neuron_times, active, spsp,
):  # fmt: skip
    """Traces of a layer, then e_ij of its inputs j = active[0], active[1], ..., one row each.

    `step_ptr`, `step_idx`: the post-synaptic spikes by step; spikes of one neuron must be more
    than `refractory_steps` apart. `fired` (T + 1, n / 64 rounded up) uint64 is a work array.
    `traces` (T + 1, n) float32 receives mu; an input spike at step t uses row t + 1. If it has
    only `trace_columns(n)` columns, it is a work array too. `neuron_ptr`, `neuron_times`: the
    input's spikes; `spsp` (m, n) float32.

    Processes 64 outputs at a time, so that their traces stay in the L1 and L2 caches.
    """
    n, wide, narrow = spsp.shape[1], zeros(64), zeros(16)
    keeps = traces.shape[1] == n
    table_of_trains(step_ptr, step_idx, fired)
    traces[0] = 0
    traces[-1] = 0
    for i in range(0, n - n % 64, 64):
        at = i if keeps else 0
        _trace_neurons(wide, i, at, refractory_steps, decay_s, decay_m, gain, fired, traces)
        _spsp_of_neurons(wide, i, at, traces, neuron_ptr, neuron_times, active, spsp)
    for i in range(n - n % 64, n, 16):
        at = i if keeps else 0
        _trace_neurons(narrow, i, at, refractory_steps, decay_s, decay_m, gain, fired, traces)
        _spsp_of_neurons(narrow, i, at, traces, neuron_ptr, neuron_times, active, spsp)


def trace_columns(n: int) -> int:
    """Columns that `traces` needs if the traces of all n neurons are not used afterwards."""
    return min(n, WORD)


@njit(cache=True, nogil=True, error_model="numpy")
def spsp_on_connections(traces, neuron_ptr, neuron_times, rec_ptr, rec_post, values):
    """e_il of the existing recurrent connections, sorted by pre-synaptic neuron l."""
    for neuron in range(rec_ptr.size - 1):
        first, last = rec_ptr[neuron], rec_ptr[neuron + 1]
        for c in range(first, last):
            values[c] = 0
        for k in range(neuron_ptr[neuron], neuron_ptr[neuron + 1]):
            row = traces[neuron_times[k] + 1]
            for c in range(first, last):
                values[c] += row[rec_post[c]]
