"""The denominators s_i = 1 - D_i of the S-PSP gradient (specification, section 6).

D_i = (1/theta) sum_j w_ij de/do(c_j, c_i). The derivative is a cubic in the output count c_i, or
another sum of few functions of it, with coefficients C_j that depend on the input count c_j alone.
So the sum over j is W^T C (four numbers a neuron for a cubic), and a cubic remains. Silent inputs
take the first row of the table: their share follows from the column sums of the weights, which the
update pass leaves behind, so that only active inputs are visited.
"""

import numpy as np
from numba import njit

SMALLEST_RECURRENT = np.float32(1e-4)
"""|s_i| is kept at least this large in recurrent layers (section 6)."""


@njit(inline="always")
def _beyond_first(neuron_ptr, coefficients, j, k):
    """Coefficient k of input j, less that of the table's first row."""
    count = neuron_ptr[j + 1] - neuron_ptr[j]
    return coefficients[min(count, coefficients.shape[0]) - 1, k] - coefficients[0, k]


@njit(cache=True, nogil=True, error_model="numpy")
def term_sums(neuron_ptr, coefficients, weights, column_sums, sums):
    """sums[k, i] = sum_j w_ij C_jk.

    `coefficients` (K, R) float32: row c - 1 for input count c; `column_sums` (n,) float32:
    sum of each output's weights over all inputs; `sums` (R, n) float32.
    """
    n, n_terms = column_sums.size, coefficients.shape[1]
    for k in range(n_terms):
        base, row = coefficients[0, k], sums[k]
        for i in range(n):
            row[i] = base * column_sums[i]
    # Active inputs four at a time: each sum is then loaded and stored once for four rows.
    found = 0
    j0 = j1 = j2 = 0
    for j in range(neuron_ptr.size - 1):
        if neuron_ptr[j + 1] - neuron_ptr[j] <= 1:  # the first row, counted above
            continue
        if found == 3:
            w0, w1, w2, w3 = weights[j0], weights[j1], weights[j2], weights[j]
            for k in range(n_terms):
                c0 = _beyond_first(neuron_ptr, coefficients, j0, k)
                c1 = _beyond_first(neuron_ptr, coefficients, j1, k)
                c2 = _beyond_first(neuron_ptr, coefficients, j2, k)
                c3 = _beyond_first(neuron_ptr, coefficients, j, k)
                row = sums[k]
                for i in range(n):
                    row[i] = (((row[i] + c0 * w0[i]) + c1 * w1[i]) + c2 * w2[i]) + c3 * w3[i]
            found = 0
        else:
            if found == 0:
                j0 = j
            elif found == 1:
                j1 = j
            else:
                j2 = j
            found += 1
    for position in range(found):
        j = j0 if position == 0 else j1 if position == 1 else j2
        w0 = weights[j]
        for k in range(n_terms):
            c0, row = _beyond_first(neuron_ptr, coefficients, j, k), sums[k]
            for i in range(n):
                row[i] += c0 * w0[i]


@njit(cache=True, nogil=True, error_model="numpy")
def term_sums_recurrent(neuron_ptr, coefficients, rec_ptr, rec_post, rec_weights, sums):
    """The same sum over the existing recurrent connections."""
    n_rows, n_terms = coefficients.shape
    for neuron in range(rec_ptr.size - 1):
        count = neuron_ptr[neuron + 1] - neuron_ptr[neuron]
        row = coefficients[min(max(count, 1), n_rows) - 1]
        for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
            i, w = rec_post[c], rec_weights[c]
            for k in range(n_terms):
                sums[k, i] += row[k] * w


@njit(cache=True, nogil=True, error_model="numpy")
def denominators(sums, neuron_ptr, threshold, recurrent, n_rows, basis, s):
    """Evaluate the derivative at the output counts; fills `s`, returns the smallest |s_i|.

    `basis`: see `strsbp.engine.state.Derivative`. Returns nan where an s_i is not a number.
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
