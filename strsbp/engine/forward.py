"""Leaky integrate-and-fire neurons with a first-order synapse (specification, section 2).

Weights are stored input-major, `weights[j, i]`, so a spike of input j adds one contiguous row to
the synaptic currents. Additions are done in one fixed order (inputs ascending, then recurrent
neurons ascending), so spikes are the same on every machine and device.

In a layer without recurrent or lateral connections, 64 neurons at a time are run through all
steps: their state stays in registers and their part of the weights in the L1 or L2 cache. Layers
with such connections update all neurons at each step.
"""

import numpy as np

from strsbp.compiled import inlined, kernel
from strsbp.engine.subnormal import seen
from strsbp.simd import bits, load, lowest_bit, mask, splat, store, where, zeros

WORD = 64
"""Neurons per word of the bit table `fired`."""


@inlined
def add_rows(like, total, rows, i, index, start, stop):
    """`total` + rows[index[start], i:] + ... + rows[index[stop - 1], i:], added in this order."""
    for k in range(start, stop):
        total += load(like, rows, index[k], i)
    return total


@inlined
def _integrate(like, current, membrane, refractory, constants):
    """One step of the membrane equation; returns (membrane, refractory, mask of firing neurons)."""
    decay_m, gain, threshold, refractory_steps = constants
    none = splat(like, np.float32(0.0))
    held = refractory > none
    v = where(held, none, membrane * decay_m + current * gain)
    fires = v > threshold
    left = where(held, refractory - splat(like, np.float32(1.0)), none)
    return where(fires, none, v), where(fires, refractory_steps, left), fires


@inlined
def _constants(like, layer):
    return (
        splat(like, layer.decay_m), splat(like, layer.gain), splat(like, layer.fires_above),
        splat(like, np.float32(layer.refractory_steps)),
    )  # fmt: skip


@inlined
def _note(fired, t, i, fires):
    """Set the bits of the neurons i, i + 1, ... that fire at step t."""
    fired[t, i // WORD] |= bits(fires) << np.uint64(i % WORD)


@inlined
def _append_fired(fired, t, idx, count):
    """Append the neurons that fire at step t to `idx`, ascending; returns the new count."""
    for word in range(fired.shape[1]):
        left = fired[t, word]
        while left != 0:
            idx[count] = WORD * word + lowest_bit(left)
            count += 1
            left &= left - np.uint64(1)
    return count


@inlined
def _run_neurons(like, i, layer, inputs):
    """Run neurons i, i + 1, ..., one per lane of `like`, through all steps."""
    decay, constants = splat(like, layer.decay_s), _constants(like, layer)
    current = membrane = refractory = like
    for t in range(1, inputs.step_ptr.size - 1):
        current *= decay
        start, stop = inputs.step_ptr[t - 1], inputs.step_ptr[t]
        current = add_rows(like, current, layer.trained[0], i, inputs.step_idx, start, stop)
        current = seen(like, current)
        membrane, refractory, fires = _integrate(like, current, membrane, refractory, constants)
        _note(layer.fired, t, i, fires)


@kernel
def run_feedforward(layer, inputs):
    """Run a layer without recurrent or lateral connections on the spikes `inputs`, all steps.

    Fills `layer.fired` and the layer's trains by step.
    """
    n, wide, narrow = layer.rows.shape[1], zeros(64), zeros(16)
    layer.fired[:] = 0
    for i in range(0, n - n % 64, 64):
        _run_neurons(wide, i, layer, inputs)
    for i in range(n - n % 64, n, 16):
        _run_neurons(narrow, i, layer, inputs)
    ptr = layer.trains.step_ptr
    ptr[0] = ptr[1] = 0
    for t in range(1, ptr.size - 1):
        ptr[t + 1] = _append_fired(layer.fired, t, layer.trains.step_idx, ptr[t])


@inlined
def _add_input(like, i, layer, inputs, t):
    state, start, stop = layer.neurons, inputs.step_ptr[t - 1], inputs.step_ptr[t]
    current = seen(like, load(like, state, 0, i)) * splat(like, layer.decay_s)
    current = add_rows(like, current, layer.trained[0], i, inputs.step_idx, start, stop)
    store(state, 0, i, current)


@inlined
def _step_neurons(like, i, layer, t, n_fired):
    """Step t of neurons i, i + 1, ...

    `n_fired`: how many neurons of an output layer fired at step t - 1; 0 in other layers.
    """
    state, fired = layer.neurons, layer.fired
    current = load(like, state, 0, i)
    if n_fired > 0:
        word = fired[t - 1, i // WORD] >> np.uint64(i % WORD)
        own = where(mask(like, word), splat(like, np.float32(1.0)), like)
        current -= splat(like, np.float32(n_fired)) - own
        store(state, 0, i, current)
    current = seen(like, current)
    membrane, refractory = load(like, state, 1, i), load(like, state, 2, i)
    constants = _constants(like, layer)
    membrane, refractory, fires = _integrate(like, current, membrane, refractory, constants)
    store(state, 1, i, membrane)
    store(state, 2, i, refractory)
    _note(fired, t, i, fires)


@kernel
def run_coupled(layer, inputs):
    """As `run_feedforward`, for a recurrent layer or the output layer.

    Each spike of an output inhibits all other outputs by 1.
    """
    n, wide, narrow = layer.rows.shape[1], zeros(64), zeros(16)
    n_wide = n - n % 64
    ptr, idx = layer.trains.step_ptr, layer.trains.step_idx
    layer.fired[:] = 0
    layer.neurons[:] = 0
    ptr[0] = ptr[1] = 0
    for t in range(1, ptr.size - 1):
        for i in range(0, n_wide, 64):
            _add_input(wide, i, layer, inputs, t)
        for i in range(n_wide, n, 16):
            _add_input(narrow, i, layer, inputs, t)
        first, last = ptr[t - 1], ptr[t]
        for k in range(first, last):
            for c in range(layer.rec_ptr[idx[k]], layer.rec_ptr[idx[k] + 1]):
                layer.neurons[0, layer.rec_post[c]] += layer.rec_trained[0, c]
        n_fired = last - first if layer.output else 0
        for i in range(0, n_wide, 64):
            _step_neurons(wide, i, layer, t, n_fired)
        for i in range(n_wide, n, 16):
            _step_neurons(narrow, i, layer, t, n_fired)
        ptr[t + 1] = _append_fired(layer.fired, t, idx, last)
