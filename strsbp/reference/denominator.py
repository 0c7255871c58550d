"""The derivative table de/do and the denominators s_i = 1 - D_i (section 6)."""

import numpy as np

SMALLEST_DENOMINATOR = 1e-4
"""|s_i| is kept at least this large in recurrent layers."""


def _coefficients(table) -> np.ndarray:
    """The (K, 5) array of `table`, which is an array or an object with `coefficients`."""
    return np.asarray(getattr(table, "coefficients", table), dtype=np.float64)


def _n_rows(table) -> int:
    """K, the largest input count of `table`."""
    return len(table.inputs) if hasattr(table, "inputs") else len(_coefficients(table))


def derivative(table, c_in, c_out) -> np.ndarray:
    """de/do at the input count `c_in` and the output count `c_out`.

    `table` contains coefficients of shape (K, 5), highest power first, row 0 for one input spike;
    or it is separable, with `inputs` (K, R) and `derivatives` (R, N), and de/do is the sum over
    the R terms of inputs[c_in - 1, term] * derivatives[term, c_out].
    `c_in` is clamped to 1..K, so a silent input uses the first row; `c_out` is not clamped.
    The counts are broadcast against each other; the result is float64.
    """
    if hasattr(table, "inputs"):
        rows = table.inputs[np.clip(np.asarray(c_in), 1, _n_rows(table)) - 1]
        columns = np.moveaxis(table.derivatives[:, np.asarray(c_out)], 0, -1)
        return np.sum(rows * columns, axis=-1)
    coefficients = _coefficients(table)
    row = np.clip(np.asarray(c_in), 1, len(coefficients)) - 1
    a4, a3, a2, a1, _ = np.moveaxis(coefficients[row], -1, 0)
    x = np.asarray(c_out, dtype=np.float64)
    return ((4 * a4 * x + 3 * a3) * x + 2 * a2) * x + a1


def feedforward_sum(table, weights, c_in, c_out, threshold) -> np.ndarray:
    """D_i of a feed-forward or output layer, float64 of shape (n,); 0 for a silent neuron."""
    c_in, c_out = np.asarray(c_in), np.asarray(c_out)
    de_do = derivative(table, c_in[None, :], c_out[:, None])
    total = np.sum(weights * de_do, axis=1) / threshold
    return np.where(c_out == 0, 0.0, total)


def recurrent_sum(table, weights, c_in, recurrent_weights, c_out, threshold) -> np.ndarray:
    """D_i of a recurrent layer, float64 of shape (n,); `c_out` is clamped to 1..K.

    Sums over the input and the recurrent connections, self-connections included. For a recurrent
    connection, the spike count of the pre-synaptic neuron is the input count.
    """
    c_in, c_out = np.asarray(c_in), np.asarray(c_out)
    clamped = np.clip(c_out, 1, _n_rows(table))
    from_inputs = weights * derivative(table, c_in[None, :], clamped[:, None])
    from_layer = recurrent_weights * derivative(table, c_out[None, :], clamped[:, None])
    return (from_inputs.sum(axis=1) + from_layer.sum(axis=1)) / threshold


def floored(s) -> np.ndarray:
    """`s` of a recurrent layer with |s_i| raised to at least 1e-4, keeping the sign (0: +1e-4)."""
    s = np.asarray(s, dtype=np.float64)
    floor = np.where(s < 0, -SMALLEST_DENOMINATOR, SMALLEST_DENOMINATOR)
    return np.where(np.abs(s) < SMALLEST_DENOMINATOR, floor, s)


def ablated(s, kind: str, gradient: str, ablated_layers: str) -> tuple[np.ndarray, np.ndarray]:
    """Denominators of a layer's weight gradient and of the error it passes back.

    `kind`: `feedforward`, `recurrent` or `output` (treated as feed-forward); `gradient` and
    `ablated_layers`: see `ModelSettings`.
    """
    s = np.asarray(s, dtype=np.float64)
    ones = np.ones_like(s)
    acts = ablated_layers == "all" or kind != "recurrent"
    for_weights = ones if acts and gradient.startswith("hm2bp") else s
    for_error = ones if acts and gradient in ("hm2bp", "hm2bp_published") else s
    return for_weights, for_error
