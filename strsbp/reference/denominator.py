"""The denominators s_i = 1 - D_i (section 6)."""

import numpy as np

SMALLEST_DENOMINATOR = 1e-4
"""|s_i| is kept at least this large in recurrent layers."""


def feedforward_sum(table, weights, c_in, c_out, threshold) -> np.ndarray:
    """D_i of a feed-forward or output layer, float64 of shape (n,); 0 for a silent neuron.

    `table`: an `EffectRatioTable` or a `SeparableTable`.
    """
    c_in, c_out = np.asarray(c_in), np.asarray(c_out)
    de_do = table.derivative(c_in[None, :], c_out[:, None])
    total = np.sum(weights * de_do, axis=1) / threshold
    return np.where(c_out == 0, 0.0, total)


def recurrent_sum(table, weights, c_in, recurrent_weights, c_out, threshold) -> np.ndarray:
    """D_i of a recurrent layer, float64 of shape (n,); `c_out` is clamped to 1..K.

    Sums over the input and the recurrent connections, self-connections included. For a recurrent
    connection, the spike count of the pre-synaptic neuron is the input count.
    """
    c_in, c_out = np.asarray(c_in), np.asarray(c_out)
    clamped = np.clip(c_out, 1, table.n_rows)[:, None]
    from_inputs = weights * table.derivative(c_in[None, :], clamped)
    from_layer = recurrent_weights * table.derivative(c_out[None, :], clamped)
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
