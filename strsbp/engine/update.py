"""One pass over a layer's weights: gradient, back-propagated error, regulariser, Adam.

A weight and its two moments are read once and written once a sample, sixteen weights of one input
at a time, and everything that they need is done with them while they are in registers. What else a
row needs stays in the first-level cache, and the additions hide behind the roots and divisions.
Sources: specification, sections 6 and 7.
"""

import math

import numpy as np
from numba import njit

from strsbp.engine.lanes import load, ordered_sum, root, splat, store, zeros
from strsbp.engine.state import (
    BACK_ALL,
    BACK_ERROR,
    BACK_SILENT,
    COLUMN_SUMS,
    FACTORS,
    SQUARE_SUMS,
    WEIGHT_ERROR,
)

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants."""
REGULARISER_BETA, REGULARISER_SCALE = 0.04, 8.0
"""beta and W of the regulariser."""

_B1, _1_B1 = np.float32(BETA_1), np.float32(1 - BETA_1)
_B2, _1_B2 = np.float32(BETA_2), np.float32(1 - BETA_2)
_EPSILON = np.float32(EPSILON)


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
def _step(like, j, i, weight, spsp_error, trained, rows, step, root_scale):
    """Adam for w_ij of sixteen outputs i, with bias correction in `step` and `root_scale`.

    `spsp_error`: the gradient of the loss. Adds the new weights to the sums over the inputs.
    """
    weights, first, second = trained
    g = spsp_error + load(like, rows, FACTORS, i) * weight
    m = splat(like, _B1) * load(like, first, j, i) + splat(like, _1_B1) * g
    v = splat(like, _B2) * load(like, second, j, i) + splat(like, _1_B2) * (g * g)
    store(first, j, i, m)
    store(second, j, i, v)
    weight -= splat(like, step) * m / (root(v) * splat(like, root_scale) + splat(like, _EPSILON))
    store(weights, j, i, weight)
    _add_to_sums(like, i, weight, rows)


@njit(inline="always")
def _add_to_sums(like, i, weight, rows):
    store(rows, COLUMN_SUMS, i, load(like, rows, COLUMN_SUMS, i) + weight)
    store(rows, SQUARE_SUMS, i, load(like, rows, SQUARE_SUMS, i) + weight * weight)


@njit(cache=True, nogil=True, error_model="numpy")
def update_layer(neuron_ptr, spsp, trained, rows, step, root_scale, has_error, wants_back, back):
    """Update the feed-forward weights of a layer after one sample.

    `neuron_ptr`: offsets of the input's spikes; `spsp`: e_ij of the inputs that spiked, see
    `strsbp.engine.spsp.spsp_of_active`; `trained`: weights and moments, each (m, n); `rows`: see
    `strsbp.engine.state`. The row `WEIGHT_ERROR` is what multiplies e_ij in the gradient;
    `BACK_ERROR`, `BACK_SILENT` and `BACK_ALL` are what multiplies w_ij e_ij / c_j, w_ij (for silent
    outputs) and w_ij (for a silent input) in the error `back` (m,) of the layer below, taken before
    the update. `has_error` False: the loss is 0, only the regulariser and the moments act.
    Leaves sum_j w_ij and sum_j w_ij^2 in the rows `COLUMN_SUMS` and `SQUARE_SUMS`.
    """
    like, weights = zeros(16), trained[0]
    n = weights.shape[1]
    rows[COLUMN_SUMS] = 0
    rows[SQUARE_SUMS] = 0
    active = 0
    for j in range(weights.shape[0]):
        count = neuron_ptr[j + 1] - neuron_ptr[j]
        total = like
        if not has_error:
            for i in range(0, n, 16):
                w = load(like, weights, j, i)
                _step(like, j, i, w, like, trained, rows, step, root_scale)
        elif count == 0:
            for i in range(0, n, 16):
                w = load(like, weights, j, i)
                total += w * load(like, rows, BACK_ALL, i)
                _step(like, j, i, w, like, trained, rows, step, root_scale)
        else:
            share = splat(like, np.float32(1.0) / np.float32(count))
            for i in range(0, n, 16):
                w, e = load(like, weights, j, i), load(like, spsp, active, i)
                error, silent = load(like, rows, BACK_ERROR, i), load(like, rows, BACK_SILENT, i)
                total += w * (e * share * error + silent)
                e *= load(like, rows, WEIGHT_ERROR, i)
                _step(like, j, i, w, e, trained, rows, step, root_scale)
            active += 1
        if has_error and wants_back:
            back[j] = ordered_sum(total)


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
def weight_sums(weights, rows):
    """The sums that `update_layer` leaves behind, for fresh or loaded weights, bit for bit."""
    like = zeros(16)
    rows[COLUMN_SUMS] = 0
    rows[SQUARE_SUMS] = 0
    for j in range(weights.shape[0]):
        for i in range(0, weights.shape[1], 16):
            _add_to_sums(like, i, load(like, weights, j, i), rows)


@njit(cache=True, nogil=True, error_model="numpy")
def connection_sums(rec_post, weights, square_sums):
    """The squares that `update_connections` adds, for fresh or loaded weights, bit for bit."""
    for c in range(weights.size):
        square_sums[rec_post[c]] += weights[c] * weights[c]
