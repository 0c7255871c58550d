"""Leaky integrate-and-fire neurons with a first-order synapse (specification, section 2).

Weights lie input-major, `weights[j, i]`, so that a spike of input j adds one contiguous row to
the synaptic currents. Additions keep one fixed order (inputs ascending, then recurrent
neurons ascending), hence the same spikes on every machine and device.
"""

import numpy as np
from numba import njit


@njit(inline="always")
def add_rows(total, rows, index, start, stop):
    """total += rows[index[k]] for k = start .. stop-1, in this order.

    Rows are taken eight and four at a time: `total` is then loaded and stored once for eight
    rows, and the sum of each element keeps its order.
    """
    n = total.size
    k = start
    while k + 8 <= stop:
        j0, j1, j2, j3 = index[k], index[k + 1], index[k + 2], index[k + 3]
        j4, j5, j6, j7 = index[k + 4], index[k + 5], index[k + 6], index[k + 7]
        for i in range(n):
            total[i] = (
                (((((((total[i] + rows[j0, i]) + rows[j1, i]) + rows[j2, i]) + rows[j3, i])
                   + rows[j4, i]) + rows[j5, i]) + rows[j6, i]) + rows[j7, i]
            )  # fmt: skip
        k += 8
    while k + 2 <= stop:
        j0, j1 = index[k], index[k + 1]
        for i in range(n):
            total[i] = (total[i] + rows[j0, i]) + rows[j1, i]
        k += 2
    if k < stop:
        j0 = index[k]
        for i in range(n):
            total[i] = total[i] + rows[j0, i]


@njit(inline="always")
def _integrate(current, membrane, refractory, fired, decay_m, gain, threshold, refractory_steps):
    """One step of the membrane equation; its branches are selects, so that it vectorises."""
    for i in range(current.size):
        held = refractory[i] > 0
        v = membrane[i] * decay_m + current[i] * gain
        v = np.float32(0.0) if held else v
        spike = v > threshold
        left = refractory[i] - np.int32(1) if held else np.int32(0)
        refractory[i] = refractory_steps if spike else left
        membrane[i] = np.float32(0.0) if spike else v
        fired[i] = spike


@njit(inline="always")
def _append_fired(fired, fired_words, step_idx, count):
    """Append the neurons that fired, ascending; eight at a time where none did."""
    for word in range(fired_words.size):
        if fired_words[word] != 0:
            for i in range(8 * word, 8 * word + 8):
                step_idx[count] = i
                count += fired[i]
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def lif_layer(
    in_ptr, in_idx, weights, rec_ptr, rec_post, rec_weights, lateral,
    decay_s, decay_m, gain, threshold, refractory_steps,
    current, membrane, refractory, fired, fired_words, out_ptr, out_idx,
):  # fmt: skip
    """Run one layer over all steps.

    `in_ptr`, `in_idx`: the input's spikes by step; `weights` (m, n) float32; `rec_ptr` (n + 1),
    `rec_post`, `rec_weights`: recurrent connections by pre-synaptic neuron (empty `rec_post`:
    none); `lateral`: whether every other neuron's spike inhibits by 1; `decay_s`, `decay_m`:
    1 - 1/tau; `gain`: 1/tau_s; `current`, `membrane` (n,) float32, `refractory` (n,) int32,
    `fired` (n,) uint8 and `fired_words`, the same memory as uint64: working space.
    Fills `out_ptr`, `out_idx`, the layer's spikes by step.
    """
    n_steps = in_ptr.size - 1
    current[:] = 0
    membrane[:] = 0
    refractory[:] = 0
    out_ptr[0] = 0
    out_ptr[1] = 0
    count = 0
    for t in range(1, n_steps):
        for i in range(current.size):
            current[i] *= decay_s
        add_rows(current, weights, in_idx, in_ptr[t - 1], in_ptr[t])
        first, last = out_ptr[t - 1], out_ptr[t]
        if rec_post.size > 0:
            for k in range(first, last):
                neuron = out_idx[k]
                for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
                    current[rec_post[c]] += rec_weights[c]
        elif lateral and last > first:
            total = np.float32(last - first)
            for i in range(current.size):
                current[i] -= total - np.float32(fired[i])
        _integrate(current, membrane, refractory, fired, decay_m, gain, threshold, refractory_steps)
        count = _append_fired(fired, fired_words, out_idx, count)
        out_ptr[t + 1] = count
