"""The denominators s_i = 1 - D_i of the S-PSP gradient (specification, section 6).

D_i = (1/theta) sum_j w_ij de/do(c_j, c_i). The derivative is a cubic in the output count c_i (or
another sum of a few functions of c_i) whose coefficients C_j depend only on the input count c_j.
So the sum over j is W^T C, four numbers per neuron for a cubic, which is then evaluated at c_i.
Silent inputs use the first row of the table. Their contribution follows from the column sums of
the weights, which the previous update has stored, so only active inputs are visited.
"""

import numpy as np

from strsbp.compiled import inlined, kernel
from strsbp.engine import state
from strsbp.engine.subnormal import one_seen, seen
from strsbp.simd import load, splat, store, zeros

SMALLEST_RECURRENT = np.float32(1e-4)
"""|s_i| is kept at least this large in recurrent layers (section 6)."""


@inlined
def _sums_of_neurons(like, i, layer, inputs, active, coefficients):
    """The sums for outputs i, i + 1, ..., one per lane of `like`, two terms at a time."""
    n_counts, n_terms = coefficients.shape
    silent = seen(like, load(like, layer.rows, state.COLUMN_SUMS, i))
    for k in range(0, n_terms, 2):
        other = min(k + 1, n_terms - 1)
        first, first_other = coefficients[0, k], coefficients[0, other]
        total, total_other = splat(like, first) * silent, splat(like, first_other) * silent
        for j in active:
            count = inputs.neuron_ptr[j + 1] - inputs.neuron_ptr[j]
            if count > 1:  # counts 0 and 1 use the first row, already included above
                w = seen(like, load(like, layer.trained[0], j, i))
                row = coefficients[min(count, n_counts) - 1]
                total += splat(like, row[k] - first) * w
                total_other += splat(like, row[other] - first_other) * w
        store(layer.rows, state.TERMS + k, i, total)
        store(layer.rows, state.TERMS + other, i, total_other)


@kernel
def term_sums(layer, inputs, active, coefficients):
    """Fill row TERMS + k of the layer's rows with sum_j w_ij C_jk, over the inputs j.

    `active`: the inputs that spiked; `coefficients` (K, R) float32: row c - 1 for input count c.
    Row `COLUMN_SUMS` must contain the sum of each output's weights over all inputs.
    """
    n, wide, narrow = layer.rows.shape[1], zeros(64), zeros(16)
    for i in range(0, n - n % 64, 64):
        _sums_of_neurons(wide, i, layer, inputs, active, coefficients)
    for i in range(n - n % 64, n, 16):
        _sums_of_neurons(narrow, i, layer, inputs, active, coefficients)


@kernel
def term_sums_recurrent(layer, coefficients):
    """Add the same sum over the existing recurrent connections."""
    n_rows, n_terms = coefficients.shape
    ptr, rec_ptr = layer.trains.neuron_ptr, layer.rec_ptr
    for neuron in range(rec_ptr.size - 1):
        row = coefficients[min(max(ptr[neuron + 1] - ptr[neuron], 1), n_rows) - 1]
        for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
            i, w = layer.rec_post[c], one_seen(layer.rec_trained[0, c])
            for k in range(n_terms):
                layer.rows[state.TERMS + k, i] += row[k] * w


@kernel
def denominators(layer, neuron_ptr, derivative):
    """Evaluate the derivative at the output counts; fills row `DENOMINATORS`.

    `neuron_ptr`: offsets of the output spikes; `derivative`: see `strsbp.engine.state.Derivative`.
    Returns the smallest |s_i|, nan if any is nan.
    """
    sums, s, basis = layer.rows[state.TERMS :], layer.rows[state.DENOMINATORS], derivative.basis
    n_rows = derivative.coefficients.shape[0]
    smallest = np.float32(np.inf)
    broken = False
    for i in range(layer.n_neurons):
        count = neuron_ptr[i + 1] - neuron_ptr[i]
        if layer.recurrent:
            count = min(max(count, 1), n_rows)
        d = np.float32(0.0)
        if count > 0:
            if basis.size == 0:
                c = np.float32(count)
                d = ((sums[0, i] * c + sums[1, i]) * c + sums[2, i]) * c + sums[3, i]
            for k in range(basis.shape[0]):
                d += sums[k, i] * basis[k, count]
            d /= layer.threshold
        value = np.float32(1.0) - d
        if layer.recurrent and abs(value) < SMALLEST_RECURRENT:
            value = SMALLEST_RECURRENT if value >= 0 else -SMALLEST_RECURRENT
        s[i] = value
        broken |= np.isnan(value)
        smallest = min(smallest, abs(value))
    return np.float32(np.nan) if broken else smallest
