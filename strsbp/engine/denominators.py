"""The denominators s_i = 1 - D_i of the S-PSP gradient (specification, section 6).

D_i = (1/theta) sum_j w_ij de/do(c_j, c_i). The derivative is a cubic in the output count c_i (or
another sum of a few functions of c_i) whose coefficients C_j depend only on the input count c_j.
So the sum over j is W^T C, four numbers per neuron for a cubic, which is then evaluated at c_i.
Silent inputs use the first row of the table. Their contribution follows from the column sums of
the weights, which the previous update has stored, so only active inputs are visited.
"""

import numpy as np
from numba import njit

from strsbp.engine.state import COLUMN_SUMS, TERMS
from strsbp.engine.subnormal import one_seen, seen
from strsbp.simd import load, splat, store, zeros

SMALLEST_RECURRENT = np.float32(1e-4)
"""|s_i| is kept at least this large in recurrent layers (section 6)."""


@njit(inline="always")
def _sums_of_neurons(like, i, neuron_ptr, active, coefficients, weights, rows):
    """The sums for outputs i, i + 1, ..., one per lane of `like`, two terms at a time."""
    n_counts, n_terms = coefficients.shape
    silent = seen(like, load(like, rows, COLUMN_SUMS, i))
    for k in range(0, n_terms, 2):
        other = min(k + 1, n_terms - 1)
        first, first_other = coefficients[0, k], coefficients[0, other]
        total, total_other = splat(like, first) * silent, splat(like, first_other) * silent
        for j in active:
            count = neuron_ptr[j + 1] - neuron_ptr[j]
            if count > 1:  # counts 0 and 1 use the first row, already included above
                w = seen(like, load(like, weights, j, i))
                row = coefficients[min(count, n_counts) - 1]
                total += splat(like, row[k] - first) * w
                total_other += splat(like, row[other] - first_other) * w
        store(rows, TERMS + k, i, total)
        store(rows, TERMS + other, i, total_other)


@njit(cache=True, nogil=True, error_model="numpy")
def term_sums(neuron_ptr, active, coefficients, weights, rows):
    """Store sum_j w_ij C_jk in row TERMS + k of `rows` (see `strsbp.engine.state`).

    `active`: the inputs that spiked; `coefficients` (K, R) float32: row c - 1 for input count c.
    Row `COLUMN_SUMS` of `rows` must contain the sum of each output's weights over all inputs.
    """
    n, wide, narrow = weights.shape[1], zeros(64), zeros(16)
    for i in range(0, n - n % 64, 64):
        _sums_of_neurons(wide, i, neuron_ptr, active, coefficients, weights, rows)
    for i in range(n - n % 64, n, 16):
        _sums_of_neurons(narrow, i, neuron_ptr, active, coefficients, weights, rows)


@njit(cache=True, nogil=True, error_model="numpy")
def term_sums_recurrent(neuron_ptr, coefficients, rec_ptr, rec_post, rec_weights, sums):
    """The same sum over the existing recurrent connections."""
    n_rows, n_terms = coefficients.shape
    for neuron in range(rec_ptr.size - 1):
        count = neuron_ptr[neuron + 1] - neuron_ptr[neuron]
        row = coefficients[min(max(count, 1), n_rows) - 1]
        for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
            i, w = rec_post[c], one_seen(rec_weights[c])
            for k in range(n_terms):
                sums[k, i] += row[k] * w


@njit(cache=True, nogil=True, error_model="numpy")
def denominators(sums, neuron_ptr, threshold, recurrent, n_rows, basis, s):
    """Evaluate the derivative at the output counts; fills `s` and returns the smallest |s_i|.

    `basis`: see `strsbp.engine.state.Derivative`. Returns nan if any s_i is nan.
    """
    cubic = basis.size == 0
    smallest = np.float32(np.inf)
    broken = False
    for i in range(neuron_ptr.size - 1):
        count = neuron_ptr[i + 1] - neuron_ptr[i]
        if recurrent:
            count = min(max(count, 1), n_rows)
        d = np.float32(0.0)
        if count > 0 and not cubic:
            for k in range(basis.shape[0]):
                d += sums[k, i] * basis[k, count]
            d /= threshold
        elif count > 0:
            c = np.float32(count)
            d = (((sums[0, i] * c + sums[1, i]) * c + sums[2, i]) * c + sums[3, i]) / threshold
        value = np.float32(1.0) - d
        if recurrent and abs(value) < SMALLEST_RECURRENT:
            value = SMALLEST_RECURRENT if value >= 0 else -SMALLEST_RECURRENT
        s[i] = value
        broken |= np.isnan(value)
        smallest = min(smallest, abs(value))
    return np.float32(np.nan) if broken else smallest
