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

from strsbp.compiled import inlined, kernel
from strsbp.engine.forward import WORD, add_rows
from strsbp.simd import mask, splat, store, where, zeros


@inlined
def _trace_neurons(like, i, column, layer):
    """Traces of neurons i, i + 1, ..., one per lane of `like`, stored from `column` on."""
    one, gain = splat(like, np.float32(1.0)), splat(like, layer.gain)
    decay_s, decay_m = splat(like, layer.decay_s), splat(like, layer.decay_m)
    word, bit, hold = i // WORD, np.uint64(i % WORD), layer.refractory_steps
    window = trace = like
    for t in range(layer.traces.shape[0] - 2, 0, -1):
        window *= decay_m
        # Refractory steps after a spike do not count, since the membrane is held at 0.
        if 0 < hold <= t:
            window = where(mask(like, layer.fired[t - hold, word] >> bit), like, window)
        window = where(mask(like, layer.fired[t, word] >> bit), one, window)
        trace = trace * decay_s + window * gain
        store(layer.traces, t, column, trace)


@inlined
def _spsp_of_neurons(like, i, layer, inputs, active, spsp):
    column = i if layer.traces.shape[1] == layer.rows.shape[1] else 0
    _trace_neurons(like, i, column, layer)
    times = inputs.neuron_times
    for row in range(active.size):
        start, stop = inputs.neuron_ptr[active[row]], inputs.neuron_ptr[active[row] + 1]
        store(spsp, row, i, add_rows(like, like, layer.traces[1:], column, times, start, stop))


@kernel
def spsp_of_active(layer, inputs, active, spsp):
    """Traces of the layer's spikes, then e_ij of its inputs j = active[0], active[1], ....

    The spikes are those in `layer.fired`; two of one neuron must be more than `refractory_steps`
    apart. An input spike at step t uses row t + 1 of the traces. Row k of `spsp` (at least
    active.size, n) float32 is that of active[k]. Processes 64 outputs at a time, so that their
    traces stay in the L1 and L2 caches.
    """
    n, wide, narrow = layer.rows.shape[1], zeros(64), zeros(16)
    layer.traces[0] = 0
    layer.traces[-1] = 0
    for i in range(0, n - n % 64, 64):
        _spsp_of_neurons(wide, i, layer, inputs, active, spsp)
    for i in range(n - n % 64, n, 16):
        _spsp_of_neurons(narrow, i, layer, inputs, active, spsp)


@kernel
def spsp_on_connections(layer):
    """Fill `rec_values[0]` with e_il of the recurrent connections, from the layer's traces."""
    spikes, values = layer.trains, layer.rec_values[0]
    values[:] = 0
    for neuron in range(layer.rec_ptr.size - 1):
        for k in range(spikes.neuron_ptr[neuron], spikes.neuron_ptr[neuron + 1]):
            row = layer.traces[spikes.neuron_times[k] + 1]
            for c in range(layer.rec_ptr[neuron], layer.rec_ptr[neuron + 1]):
                values[c] += row[layer.rec_post[c]]
