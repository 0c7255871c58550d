"""Leaky integrate-and-fire neurons with a first-order synapse (specification, section 2).

Weights are stored input-major, `weights[j, i]`, so a spike of input j adds one contiguous row to
the synaptic currents. Additions are done in one fixed order (inputs ascending, then recurrent
neurons ascending), so spikes are the same on every machine and device.

In a layer without recurrent or lateral connections, 64 neurons at a time are run through all
steps: their state stays in registers and their part of the weights in the L1 cache. Layers with
such connections update all neurons at each step.
"""

import numpy as np
from numba import njit

from strsbp.engine.subnormal import seen
from strsbp.simd import bits, load, lowest_bit, mask, splat, store, where, zeros

WORD = 64
"""Neurons per word of the bit table `fired`."""


@njit(inline="always")
def add_rows(like, total, rows, i, index, start, stop):
    """`total` + rows[index[start], i:] + ... + rows[index[stop - 1], i:], added in this order."""
    for k in range(start, stop):
        total += load(like, rows, index[k], i)
    return total


@njit(inline="always")
def _integrate(like, current, membrane, refractory, constants):
    """One step of the membrane equation; returns (membrane, refractory, mask of firing neurons)."""
    decay_m, gain, threshold, refractory_steps = constants
    none = splat(like, np.float32(0.0))
    held = refractory > none
    v = where(held, none, membrane * decay_m + current * gain)
    fires = v > threshold
    left = where(held, refractory - splat(like, np.float32(1.0)), none)
    return where(fires, none, v), where(fires, refractory_steps, left), fires


@njit(inline="always")
def _constants(like, decay_m, gain, threshold, refractory_steps):
    return (
        splat(like, decay_m), splat(like, gain), splat(like, threshold),
        splat(like, np.float32(refractory_steps)),
    )  # fmt: skip


@njit(inline="always")
def _note(fired, t, i, fires):
    """Set the bits of the neurons i, i + 1, ... that fire at step t."""
    fired[t, i // WORD] |= bits(fires) << np.uint64(i % WORD)


@njit(inline="always")
def table_of_trains(step_ptr, step_idx, fired):
    """Fill `fired` (T + 1, n / 64 rounded up) uint64, which has one bit per step and neuron."""
    fired[:] = 0
    for t in range(step_ptr.size - 1):
        for k in range(step_ptr[t], step_ptr[t + 1]):
            neuron = step_idx[k]
            fired[t, neuron // WORD] |= np.uint64(1) << np.uint64(neuron % WORD)


@njit(inline="always")
def _append_fired(fired, t, idx, count):
    """Append the neurons that fire at step t to `idx`, ascending; returns the new count."""
    for word in range(fired.shape[1]):
        left = fired[t, word]
        while left != 0:
            idx[count] = WORD * word + lowest_bit(left)
            count += 1
            left &= left - np.uint64(1)
    return count


@njit(inline="always")
def _run_neurons(like, i, in_ptr, in_idx, weights, decay, constants, fired):
    """Run neurons i, i + 1, ..., one per lane of `like`, through all steps."""
    current = membrane = refractory = like
    for t in range(1, in_ptr.size - 1):
        current *= decay
        current = add_rows(like, current, weights, i, in_idx, in_ptr[t - 1], in_ptr[t])
        current = seen(like, current)
        membrane, refractory, fires = _integrate(like, current, membrane, refractory, constants)
        _note(fired, t, i, fires)


@njit(cache=True, nogil=True, error_model="numpy")
def run_feedforward(
    in_ptr, in_idx, weights, decay_s, decay_m, gain, threshold, refractory_steps, fired, out_ptr,
    out_idx,
):  # fmt: skip
    """Run a layer without recurrent or lateral connections; arguments as in `run_coupled`."""
    n, wide, narrow = weights.shape[1], zeros(64), zeros(16)
    fired[:] = 0
    constants = _constants(wide, decay_m, gain, threshold, refractory_steps)
    decay = splat(wide, decay_s)
    for i in range(0, n - n % 64, 64):
        _run_neurons(wide, i, in_ptr, in_idx, weights, decay, constants, fired)
    constants_16 = _constants(narrow, decay_m, gain, threshold, refractory_steps)
    decay_16 = splat(narrow, decay_s)
    for i in range(n - n % 64, n, 16):
        _run_neurons(narrow, i, in_ptr, in_idx, weights, decay_16, constants_16, fired)
    out_ptr[0] = out_ptr[1] = 0
    for t in range(1, in_ptr.size - 1):
        out_ptr[t + 1] = _append_fired(fired, t, out_idx, out_ptr[t])


@njit(inline="always")
def _add_input(like, i, state, decay, in_idx, weights, start, stop):
    current = seen(like, load(like, state, 0, i)) * decay
    store(state, 0, i, add_rows(like, current, weights, i, in_idx, start, stop))


@njit(inline="always")
def _step_neurons(like, i, t, state, constants, inhibits, total, fired):
    current = load(like, state, 0, i)
    if inhibits:
        word = fired[t - 1, i // WORD] >> np.uint64(i % WORD)
        own = where(mask(like, word), splat(like, np.float32(1.0)), like)
        current -= splat(like, total) - own
        store(state, 0, i, current)
    current = seen(like, current)
    membrane, refractory = load(like, state, 1, i), load(like, state, 2, i)
    membrane, refractory, fires = _integrate(like, current, membrane, refractory, constants)
    store(state, 1, i, membrane)
    store(state, 2, i, refractory)
    _note(fired, t, i, fires)


@njit(cache=True, nogil=True, error_model="numpy")
def run_coupled(
    in_ptr, in_idx, weights, rec_ptr, rec_post, rec_weights, lateral,
    decay_s, decay_m, gain, threshold, refractory_steps, state, fired, out_ptr, out_idx,
):  # fmt: skip
    """Run a layer over all steps.

    `in_ptr`, `in_idx`: the input's spikes by step; `weights` (m, n) float32; `rec_ptr` (n + 1),
    `rec_post`, `rec_weights`: recurrent connections by pre-synaptic neuron (empty `rec_post`:
    none); `lateral`: whether each spike inhibits all other neurons by 1; `decay_s`, `decay_m`:
    1 - 1/tau; `gain`: 1/tau_s; `state` (3, n) float32: work array for current, membrane and
    remaining refractory steps; `fired` (T + 1, n / 64 rounded up) uint64: receives one bit per
    neuron and step. Fills `out_ptr`, `out_idx`, the layer's spikes by step.
    """
    n, wide, narrow = weights.shape[1], zeros(64), zeros(16)
    n_wide = n - n % 64
    constants = _constants(wide, decay_m, gain, threshold, refractory_steps)
    constants_16 = _constants(narrow, decay_m, gain, threshold, refractory_steps)
    decay, decay_16 = splat(wide, decay_s), splat(narrow, decay_s)
    fired[:] = 0
    state[:] = 0
    out_ptr[0] = out_ptr[1] = 0
    for t in range(1, in_ptr.size - 1):
        start, stop = in_ptr[t - 1], in_ptr[t]
        for i in range(0, n_wide, 64):
            _add_input(wide, i, state, decay, in_idx, weights, start, stop)
        for i in range(n_wide, n, 16):
            _add_input(narrow, i, state, decay_16, in_idx, weights, start, stop)
        first, last = out_ptr[t - 1], out_ptr[t]
        for k in range(first, last):
            neuron = out_idx[k]
            for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
                state[0, rec_post[c]] += rec_weights[c]
        total = np.float32(last - first)
        inhibits = lateral and last > first
        for i in range(0, n_wide, 64):
            _step_neurons(wide, i, t, state, constants, inhibits, total, fired)
        for i in range(n_wide, n, 16):
            _step_neurons(narrow, i, t, state, constants_16, inhibits, total, fired)
        out_ptr[t + 1] = _append_fired(fired, t, out_idx, last)
