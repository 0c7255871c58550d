"""One pass over a layer's weights: S-PSP, gradient, back-propagated error, regulariser, Adam.

A weight and its two moments are read once and written once a sample; everything else that a row
needs (the S-PSP of one input to all outputs, its gradient) stays in the first-level cache. The
loops over a row are split so that each has few enough pointers for the compiler to vectorise.
Sources: specification, sections 6 and 7.
"""

import math

import numpy as np
from numba import njit

from strsbp.engine.spsp import spsp_row

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants."""
REGULARISER_BETA, REGULARISER_SCALE = 0.04, 8.0
"""beta and W of the regulariser."""

_B1, _1_B1 = np.float32(BETA_1), np.float32(1 - BETA_1)
_B2, _1_B2 = np.float32(BETA_2), np.float32(1 - BETA_2)
_EPSILON = np.float32(EPSILON)

SUM_ROWS = 4
"""Rows whose sums are taken together."""


@njit(cache=True, nogil=True, error_model="numpy")
def regulariser_factors(square_sums, n_terms, strength, factors):
    """factors[i] with d(regulariser)/dw_ij = factors[i] * w_ij.

    lambda beta / W * exp(beta (q_i - 1)), q_i = square_sums[i] / W^2 / n_terms.
    """
    scale = strength * REGULARISER_BETA / REGULARISER_SCALE
    for i in range(square_sums.size):
        q = square_sums[i] / (REGULARISER_SCALE * REGULARISER_SCALE) / n_terms
        factors[i] = scale * math.exp(REGULARISER_BETA * (q - 1.0))


@njit(inline="always")
def _adam_row(gradient, weight, first, second, step, root_scale):
    """Adam with bias correction folded into `step` and `root_scale`."""
    for i in range(gradient.size):
        g = gradient[i]
        m = _B1 * first[i] + _1_B1 * g
        v = _B2 * second[i] + _1_B2 * (g * g)
        first[i] = m
        second[i] = v
        weight[i] -= step * m / (np.sqrt(v) * root_scale + _EPSILON)


@njit(inline="always")
def _adam_row_without_error(factors, weight, first, second, step, root_scale):
    """The same where the regulariser is the whole gradient, without storing that."""
    for i in range(factors.size):
        w = weight[i]
        g = factors[i] * w
        m = _B1 * first[i] + _1_B1 * g
        v = _B2 * second[i] + _1_B2 * (g * g)
        first[i] = m
        second[i] = v
        weight[i] = w - step * m / (np.sqrt(v) * root_scale + _EPSILON)


@njit(inline="always")
def _sum_row(product):
    """Sum of a row (a multiple of 16 long) in an order that sixteen lanes can share."""
    for block in range(16, product.size, 16):
        for lane in range(16):
            product[lane] += product[block + lane]
    total = np.float32(0.0)
    for lane in range(16):
        total += product[lane]
    return total


@njit(inline="always")
def _add_sums(weights, start, stop, column_sums, square_sums):
    """Add rows start .. stop - 1 to both sums, in ascending order, four rows a pass."""
    n = column_sums.size
    j = start
    while j + 4 <= stop:
        w0, w1, w2, w3 = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        for i in range(n):
            column_sums[i] = (((column_sums[i] + w0[i]) + w1[i]) + w2[i]) + w3[i]
        for i in range(n):
            square_sums[i] = (
                ((square_sums[i] + w0[i] * w0[i]) + w1[i] * w1[i]) + w2[i] * w2[i]
            ) + w3[i] * w3[i]
        j += 4
    while j < stop:
        w0 = weights[j]
        for i in range(n):
            column_sums[i] += w0[i]
        for i in range(n):
            square_sums[i] += w0[i] * w0[i]
        j += 1


@njit(cache=True, nogil=True, error_model="numpy")
def update_layer(
    neuron_ptr, neuron_times, traces, weights, first, second, factors, step, root_scale,
    has_error, weight_error, back_error, back_silent, back_all, wants_back, back,
    row, gradient, column_sums, square_sums,
):  # fmt: skip
    """Update the feed-forward weights (m, n) of a layer after one sample.

    `neuron_ptr`, `neuron_times`: the input's spikes; `traces`: the layer's post-synaptic traces;
    `weight_error` (n,): what multiplies e_ij in the gradient; `back_error`, `back_silent` and
    `back_all` (n,): what multiplies w_ij e_ij / c_j, w_ij (for silent outputs) and w_ij (for a
    silent input) in the error `back` (m,) of the layer below, taken before the update.
    `has_error` False: the loss is 0, only the regulariser and the moments act.
    Leaves sum_j w_ij and sum_j w_ij^2 in `column_sums` and `square_sums`.
    """
    n = row.size
    column_sums[:] = 0
    square_sums[:] = 0
    for j in range(weights.shape[0]):
        start, stop = neuron_ptr[j], neuron_ptr[j + 1]
        weight = weights[j]
        if has_error and stop > start:
            spsp_row(traces, neuron_times, start, stop, row)
            if wants_back:
                share = np.float32(1.0) / np.float32(stop - start)
                for i in range(n):
                    gradient[i] = weight[i] * (row[i] * share * back_error[i] + back_silent[i])
                back[j] = _sum_row(gradient)
            for i in range(n):
                gradient[i] = row[i] * weight_error[i] + factors[i] * weight[i]
            _adam_row(gradient, weight, first[j], second[j], step, root_scale)
        else:
            if has_error and wants_back:
                for i in range(n):
                    gradient[i] = weight[i] * back_all[i]
                back[j] = _sum_row(gradient)
            _adam_row_without_error(factors, weight, first[j], second[j], step, root_scale)
        if (j + 1) % SUM_ROWS == 0:  # while these rows are still in the first-level cache
            _add_sums(weights, j + 1 - SUM_ROWS, j + 1, column_sums, square_sums)
    n_rows = weights.shape[0]
    _add_sums(weights, n_rows - n_rows % SUM_ROWS, n_rows, column_sums, square_sums)


@njit(cache=True, nogil=True, error_model="numpy")
def update_connections(
    rec_ptr, rec_post, weights, first, second, spsp, has_error, weight_error, factors,
    step, root_scale, square_sums,
):  # fmt: skip
    """Update the recurrent weights, one for each connection; adds to `square_sums`."""
    for c in range(weights.size):
        i = rec_post[c]
        w = weights[c]
        g = factors[i] * w
        if has_error:
            g = spsp[c] * weight_error[i] + g
        m = _B1 * first[c] + _1_B1 * g
        v = _B2 * second[c] + _1_B2 * (g * g)
        first[c] = m
        second[c] = v
        w -= step * m / (np.sqrt(v) * root_scale + _EPSILON)
        weights[c] = w
        square_sums[i] += w * w


@njit(cache=True, nogil=True, error_model="numpy")
def weight_sums(weights, column_sums, square_sums):
    """The sums that `update_layer` leaves behind, for fresh or loaded weights, bit for bit."""
    column_sums[:] = 0
    square_sums[:] = 0
    _add_sums(weights, 0, weights.shape[0], column_sums, square_sums)


@njit(cache=True, nogil=True, error_model="numpy")
def connection_sums(rec_post, weights, square_sums):
    """The squares that `update_connections` adds, for fresh or loaded weights, bit for bit."""
    for c in range(weights.size):
        square_sums[rec_post[c]] += weights[c] * weights[c]
