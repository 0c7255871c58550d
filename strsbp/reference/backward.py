"""Weight gradients and the errors passed back (section 7).

In every function here, `delta` is the error after the gain and, unless `divide_by_threshold` is
off, the division by the layer's threshold.
"""

import numpy as np

RHO_SILENT = 0.5
"""rho_ij if either neuron is silent."""
HM2BP_RHO_SILENT = 1.0
"""rho_ij if either neuron is silent, in HM2-BP's program (finding F11)."""
HM2BP_E_SILENT = 0.1
"""e_ij in HM2-BP's program for a silent neuron i and an input j that spiked (finding F11)."""
REGULARISATION_BETA = 0.04
"""beta of the weight regularisation."""
WEIGHT_SCALE = 8.0
"""W: the unit of weight in the regularisation."""


def rho(e, pre_counts, post_counts, rho_silent=RHO_SILENT) -> np.ndarray:
    """rho_ij = e_ij / c_j, or `rho_silent` where c_i or c_j is 0; float64 of shape (n, m)."""
    pre_counts, post_counts = np.asarray(pre_counts), np.asarray(post_counts)
    silent = (post_counts[:, None] == 0) | (pre_counts[None, :] == 0)
    return np.where(silent, rho_silent, e / np.maximum(pre_counts, 1)[None, :])


def side_effect(e, weights, post_counts, threshold) -> np.ndarray:
    """side_i = (1/theta) sum_j w_ij e_ij / c_i of HM2-BP's program (finding F11), shape (n,).

    For a silent neuron i the ratio e_ij / c_i is replaced by 0.5, also for silent inputs.
    """
    counts = np.asarray(post_counts)[:, None]
    ratio = np.where(counts == 0, 0.5, e / np.maximum(counts, 1))
    return np.sum(weights * ratio, axis=1) / threshold


def normalised(s, delta, e, lateral=None) -> np.ndarray:
    """`s` times the factor that gives the weight gradient the norm it has with s_i = 1."""
    length = np.linalg.norm(weight_gradient(delta, e, s, lateral))
    unscaled = np.linalg.norm(weight_gradient(delta, e, np.ones_like(s), lateral))
    return s * (length / unscaled) if unscaled > 0 else s


def weight_gradient(delta, e, s, lateral=None) -> np.ndarray:
    """delta_i e_ij / s_i, times the lateral factor L_i if given; shape (n, m)."""
    factor = delta / s
    if lateral is not None:
        factor = factor * lateral
    return factor[:, None] * e


def feedforward_error(delta, s, weights, rho_input) -> np.ndarray:
    """Error of the inputs of a feed-forward or output layer, float64 of shape (m,)."""
    return (delta / s) @ (weights * rho_input)


def recurrent_system(s, recurrent_weights, rho_recurrent, threshold) -> np.ndarray:
    """Lmat of a recurrent layer, shape (n, n): diagonal s, off-diagonal -w rho / threshold.

    A self-connection acts only through s.
    """
    system = -recurrent_weights * rho_recurrent / threshold
    np.fill_diagonal(system, s)
    return system


def recurrent_error(delta, system, weights, rho_input, variant: str = "derived") -> np.ndarray:
    """Error of the inputs of a recurrent layer, float64 of shape (m,).

    With R = weights * rho: `derived` is delta^T Lmat^-1 R; `published` is delta^T R Lmat^-1
    (finding F6), defined only if the numbers of inputs and neurons are equal.
    """
    response = weights * rho_input
    if variant == "derived":
        return np.linalg.solve(system.T, delta) @ response
    return np.linalg.solve(system.T, delta @ response)


def lateral_factor(rho_lateral, output_counts, label: int, threshold) -> np.ndarray:
    """L_i of the output layer with w0 = 1, float64 of shape (n,).

    `rho_lateral` (n, n): rho between the output neurons; `output_counts` (n,): their spike counts.
    Both are computed from the spikes before the repair of a silent label.
    """
    active = np.asarray(output_counts) > 0
    active[label] = True
    h = np.where(active, 1 / threshold, 0.0)
    loop = rho_lateral * h[None, :] * rho_lateral.T * h[:, None]
    np.fill_diagonal(loop, 0.0)
    return 1 / (1 - loop.sum(axis=1))


def regularisation(
    weights, recurrent_weights=None, mask=None, *, strength
) -> tuple[np.ndarray, np.ndarray | None]:
    """Terms added to the gradients of the input weights (n, m) and recurrent weights (n, n).

    strength * beta * (w/W) exp(beta (q_i - 1)), with q_i the sum of (w/W)^2 over row i divided by
    m + 1. In a recurrent layer the row includes the recurrent weights, and the divisor is m + 1
    plus the number of connections in the whole layer; `mask` (n, n) bool: which connections exist.
    """
    u = np.asarray(weights, dtype=np.float64) / WEIGHT_SCALE
    row_sum, divisor = np.sum(u**2, axis=1), u.shape[1] + 1
    if recurrent_weights is not None:
        u_recurrent = np.where(mask, recurrent_weights, 0.0) / WEIGHT_SCALE
        row_sum = row_sum + np.sum(u_recurrent**2, axis=1)
        divisor += np.count_nonzero(mask)
    factor = (
        strength * REGULARISATION_BETA * np.exp(REGULARISATION_BETA * (row_sum / divisor - 1))
    )[:, None]
    return factor * u, None if recurrent_weights is None else factor * u_recurrent
