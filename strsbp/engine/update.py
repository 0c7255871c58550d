"""One pass over a layer's weights: gradient, error passed back, regulariser, Adam.

Each weight and its two moments are read and written once per sample, sixteen weights of one input
at a time, and all computations with them are done while they are in registers. Everything else a
row needs stays in the L1 cache, and the additions overlap with the square roots and divisions.
See the specification, sections 6 and 7.
"""

import math

import numpy as np

from strsbp.compiled import inlined, kernel
from strsbp.engine import state
from strsbp.engine.adam import adam_step, square_seen
from strsbp.engine.subnormal import seen
from strsbp.simd import load, ordered_sum, splat, store, zeros

REGULARISER_BETA, REGULARISER_SCALE = 0.04, 8.0
"""beta and W of the regulariser."""


@kernel
def regulariser_factors(layer):
    """Fill the row `FACTORS` so that d(regulariser)/dw_ij = factor_i * w_ij.

    factor_i = lambda beta / W * exp(beta (q_i - 1)), q_i = square_sum_i / W^2 / n_terms.
    """
    square_sums, factors = layer.rows[state.SQUARE_SUMS], layer.rows[state.FACTORS]
    scale = layer.regularisation * REGULARISER_BETA / REGULARISER_SCALE
    for i in range(square_sums.size):
        q = square_sums[i] / (REGULARISER_SCALE * REGULARISER_SCALE) / layer.n_terms
        factors[i] = scale * math.exp(REGULARISER_BETA * (q - 1.0))


@inlined
def _step(like, j, i, weight, error, layer, step, root_scale):
    """Adam step for w_ij of sixteen outputs i; `error`: the gradient of the loss.

    Adds the new weights to the sums over the inputs.
    """
    weights, first, second = layer.trained[0], layer.trained[1], layer.trained[2]
    factor = load(like, layer.rows, state.FACTORS, i)
    m, v = load(like, first, j, i), load(like, second, j, i)
    weight, m, v = adam_step(like, error, factor, weight, m, v, step, root_scale)
    store(first, j, i, m)
    store(second, j, i, v)
    store(weights, j, i, weight)
    _add_to_sums(like, i, weight, layer.rows)


@inlined
def _add_to_sums(like, i, weight, rows):
    store(rows, state.COLUMN_SUMS, i, load(like, rows, state.COLUMN_SUMS, i) + weight)
    squares = load(like, rows, state.SQUARE_SUMS, i) + square_seen(like, weight)
    store(rows, state.SQUARE_SUMS, i, squares)


@kernel
def update_layer(layer, inputs, step, root_scale, has_error, back):
    """Update the feed-forward weights of a layer after one sample.

    The row `WEIGHT_ERROR` is the factor of e_ij in the gradient. The error `back` (m,) of the layer
    below, unless empty, is computed with the weights before the update: for an input that spiked,
    `BACK_ERROR` is the factor of w_ij e_ij / c_j and `BACK_SILENT` that of w_ij (for silent
    outputs); for a silent input, `BACK_ALL` is the factor of w_ij. If `has_error` is False the loss
    is 0, and only the regulariser and the moments act. Stores sum_j w_ij and sum_j w_ij^2 in the
    rows `COLUMN_SUMS` and `SQUARE_SUMS`.
    """
    like, weights, rows, wants_back = zeros(16), layer.trained[0], layer.rows, back.size > 0
    n = rows.shape[1]
    rows[state.COLUMN_SUMS] = 0
    rows[state.SQUARE_SUMS] = 0
    active = 0
    for j in range(weights.shape[0]):
        count = inputs.neuron_ptr[j + 1] - inputs.neuron_ptr[j]
        total = like
        if not has_error or (count == 0 and not wants_back):
            for i in range(0, n, 16):
                w = load(like, weights, j, i)
                _step(like, j, i, w, like, layer, step, root_scale)
        elif count == 0:
            for i in range(0, n, 16):
                w = load(like, weights, j, i)
                total += seen(like, w) * load(like, rows, state.BACK_ALL, i)
                _step(like, j, i, w, like, layer, step, root_scale)
        else:
            share = splat(like, np.float32(1.0) / np.float32(count))
            for i in range(0, n, 16):
                w, e = load(like, weights, j, i), load(like, layer.spsp, active, i)
                if wants_back:
                    error = load(like, rows, state.BACK_ERROR, i)
                    silent = load(like, rows, state.BACK_SILENT, i)
                    total += seen(like, w) * (e * share * error + silent)
                e *= load(like, rows, state.WEIGHT_ERROR, i)
                _step(like, j, i, w, e, layer, step, root_scale)
            active += 1
        if has_error and wants_back:
            back[j] = ordered_sum(total)


@inlined
def _step_connections(like, c, values, trained, step, root_scale):
    error, factor = load(like, values, 0, c), load(like, values, 1, c)
    w, m, v = load(like, trained, 0, c), load(like, trained, 1, c), load(like, trained, 2, c)
    w, m, v = adam_step(like, error, factor, w, m, v, step, root_scale)
    store(trained, 0, c, w)
    store(trained, 1, c, m)
    store(trained, 2, c, v)


@kernel
def update_connections(layer, step, root_scale, has_error):
    """Update the recurrent weights, one for each connection; adds to the row `SQUARE_SUMS`.

    `rec_values[0]` contains e_il; both rows are overwritten.
    """
    values, rows = layer.rec_values, layer.rows
    n = layer.rec_post.size
    for c in range(n):
        i = layer.rec_post[c]
        values[0, c] = values[0, c] * rows[state.WEIGHT_ERROR, i] if has_error else np.float32(0.0)
        values[1, c] = rows[state.FACTORS, i]
    sixteen, one = zeros(16), zeros(1)
    for c in range(0, n - n % 16, 16):
        _step_connections(sixteen, c, values, layer.rec_trained, step, root_scale)
    for c in range(n - n % 16, n):
        _step_connections(one, c, values, layer.rec_trained, step, root_scale)
    _add_connections(layer)


@inlined
def _add_connections(layer):
    for c in range(layer.rec_post.size):
        w = layer.rec_trained[0, c]
        layer.rows[state.SQUARE_SUMS, layer.rec_post[c]] += w * w


@kernel
def refresh_sums(layer):
    """The sums that an update stores, bit for bit, for new or loaded weights."""
    like, weights, rows = zeros(16), layer.trained[0], layer.rows
    rows[state.COLUMN_SUMS] = 0
    rows[state.SQUARE_SUMS] = 0
    for j in range(weights.shape[0]):
        for i in range(0, weights.shape[1], 16):
            _add_to_sums(like, i, load(like, weights, j, i), rows)
    _add_connections(layer)
