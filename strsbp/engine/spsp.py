"""The spike-train level post-synaptic potential e_ij from traces (specification, section 5).

e_ij is linear in the spikes of the pre-synaptic neuron j. Instead of filtering every input
forward in time and reading two rows a spike of i, the filter is run backward in time on the side
of the post-synaptic neuron i, once for a layer:

    lam_i(t) = (1 - 1/tau_m)^(t_f - t)   for t in (t_{f-1} + t_ref, t_f],  else 0
    mu_i(t)  = (1 - 1/tau_s) mu_i(t + 1) + lam_i(t) / tau_s
    e_ij     = sum over the spikes t_j of j of mu_i(t_j + 1)

which is the same sum in another order (the transpose of the recursion), needs one row a spike of
j, and delivers e in the layout of the weights. Silent inputs cost nothing.
"""

import numpy as np
from numba import njit

from strsbp.engine.forward import add_rows


@njit(cache=True, nogil=True, error_model="numpy")
def post_traces(step_ptr, step_idx, refractory_steps, decay_s, decay_m, gain, window, traces):
    """Fill `traces` (T + 1, n) float32 with mu; row t + 1 serves an input spike at step t.

    `step_ptr`, `step_idx`: the post-synaptic spikes by step; spikes of one neuron must lie more
    than `refractory_steps` apart. `window` (n,) float32 is working space.
    """
    n_steps = step_ptr.size - 1
    n = window.size
    window[:] = 0
    traces[n_steps, :] = 0
    traces[0, :] = 0
    for t in range(n_steps - 1, 0, -1):
        above, row = traces[t + 1], traces[t]
        for i in range(n):
            window[i] *= decay_m
        # Steps after a spike do not count: the membrane is held at 0 there.
        if refractory_steps > 0 and t >= refractory_steps:
            earlier = t - refractory_steps
            for k in range(step_ptr[earlier], step_ptr[earlier + 1]):
                window[step_idx[k]] = 0
        for k in range(step_ptr[t], step_ptr[t + 1]):
            window[step_idx[k]] = 1
        for i in range(n):
            row[i] = above[i] * decay_s + window[i] * gain


@njit(inline="always")
def spsp_row(traces, times, start, stop, row):
    """row_i = e_ij for the input whose spike times are times[start:stop], all i at once."""
    row[:] = 0
    add_rows(row, traces[1:], times, start, stop)


@njit(cache=True, nogil=True, error_model="numpy")
def spsp_on_connections(traces, neuron_ptr, neuron_times, rec_ptr, rec_post, values):
    """e_il on the existing recurrent connections, ordered by pre-synaptic neuron l."""
    for neuron in range(rec_ptr.size - 1):
        first, last = rec_ptr[neuron], rec_ptr[neuron + 1]
        for c in range(first, last):
            values[c] = 0
        for k in range(neuron_ptr[neuron], neuron_ptr[neuron + 1]):
            row = traces[neuron_times[k] + 1]
            for c in range(first, last):
                values[c] += row[rec_post[c]]


@njit(cache=True, nogil=True, error_model="numpy")
def spsp_matrix(traces, neuron_ptr, neuron_times, values):
    """e as a dense (m, n) array, input-major, for tests and for the small output layer."""
    for j in range(neuron_ptr.size - 1):
        spsp_row(traces, neuron_times, neuron_ptr[j], neuron_ptr[j + 1], values[j])


def allocate_traces(n_steps: int, n_neurons: int) -> np.ndarray:
    """Room for the traces of a layer, (n_steps + 1, n_neurons) float32."""
    return np.zeros((n_steps + 1, n_neurons), dtype=np.float32)
