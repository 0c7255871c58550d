"""The arrays that a layer's kernels read and write, as tuples that are passed to numba as a whole.

Passing an array from Python to compiled code takes a third of a microsecond, and a sample needs
about three hundred. So a layer's arrays are passed in one tuple, once for many samples.
"""

from typing import NamedTuple

import numpy as np

MOST_TERMS = 8
"""Most terms of a separable derivative; `LayerArrays.rows` has a row for the sum of each."""


class Derivative(NamedTuple):
    """de/do(c_in, c_out) = sum_k coefficients[c_in - 1, k] * b_k(c_out), float32.

    `coefficients` (K, R), R at most `MOST_TERMS`: for input counts 1 .. K. `basis` (R, N): b_k at
    the output counts 0 .. N - 1. A basis of shape (0, 0) means the powers of a cubic, highest
    first (R = 4).
    """

    coefficients: np.ndarray
    basis: np.ndarray


class Trains(NamedTuple):
    """The arrays of `strsbp.engine.trains.SpikeTrains`, all int32."""

    step_ptr: np.ndarray
    step_idx: np.ndarray
    neuron_ptr: np.ndarray
    neuron_times: np.ndarray


class LayerArrays(NamedTuple):
    """A layer with m inputs, n neurons (padded) and c recurrent connections, over T steps.

    Arrays are float32 unless stated otherwise.
    """

    trained: np.ndarray
    """(3, m, n): weights, input-major, and their first and second moments."""
    rows: np.ndarray
    """(N_ROWS, n): one row per quantity; the row numbers are defined below this class."""
    traces: np.ndarray
    """(T + 1, n): the post-synaptic traces mu of section 5; a work array of at most 64 columns in
    feed-forward hidden layers."""
    rec_ptr: np.ndarray
    """(n + 1,) int32: connections by pre-synaptic neuron."""
    rec_post: np.ndarray
    """(c,) int32: post-synaptic neuron of each connection."""
    rec_trained: np.ndarray
    """(3, c): weights and moments of the connections."""
    rec_values: np.ndarray
    """(2, c): e_il of the connections, and the off-diagonal of Lmat (section 7)."""
    system: np.ndarray
    """(8, n) float64: the solution of the adjoint system, then seven rows of work space."""
    neurons: np.ndarray
    """(3, n): current, membrane and remaining refractory steps, at the current step."""
    fired: np.ndarray
    """(T + 1, n / 64 rounded up) uint64: which neurons fire at each step, one bit per neuron;
    in the backward pass, after the repair of a silent label."""
    active: np.ndarray
    """(m,) int32: buffer for the indices of the inputs that spiked."""
    spsp: np.ndarray
    """(m, n): e_ij of the inputs that spiked."""
    trains: Trains
    """The layer's spikes."""
    repaired_ptr: np.ndarray
    """(n + 1,) int32: the spike offsets (hence counts) after the repair of a silent label."""
    spsp_outputs: np.ndarray
    """(n, n): e_il between the outputs."""
    n_inputs: int
    n_neurons: int
    """Without the padding."""
    n_terms: int
    """Divisor of the regulariser's mean: m + 1, plus c in recurrent layers."""
    n_steps: int
    refractory_steps: np.int32
    threshold: np.float32
    error_divisor: np.float32
    """Divisor of the incoming error: the threshold (1 without that division) over the gain."""
    fires_above: np.float32
    decay_s: np.float32
    """1 - 1 / tau_s"""
    decay_m: np.float32
    """1 - 1 / tau_m"""
    gain: np.float32
    """1 / tau_s"""
    regularisation: float
    output: bool
    recurrent: bool
    one_way: bool
    """Whether the reservoir is triangular."""
    published_adjoint: bool
    ablates_weights: bool
    """Whether s_i = 1 in the weight gradient."""
    ablates_back: bool
    """Whether s_i = 1 in the error passed back."""
    normalised: bool
    """Whether the weight gradient is scaled to the norm that it has with s_i = 1."""
    as_hm2bp: bool
    """Whether the rules of HM2-BP's program apply (finding F11)."""
    rho_silent: np.float32
    """rho_ij if either neuron is silent."""
    repaired_cost: bool
    """Whether the cost counts the spikes after the repair of a silent label."""


(
    COLUMN_SUMS, SQUARE_SUMS, ERROR, SCALED_ERROR, DENOMINATORS, LATERAL, FACTORS, WEIGHT_ERROR,
    BACK_ERROR, BACK_SILENT, BACK_ALL, ONES, TERMS,
) = range(13)  # fmt: skip
"""Rows of `LayerArrays.rows`; `TERMS` is the first of `MOST_TERMS`."""
N_ROWS = TERMS + MOST_TERMS
