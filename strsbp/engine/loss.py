"""Loss, lateral factor and the errors that enter a layer (specification, sections 4 and 7)."""

import math

import numpy as np
from numba import njit

from strsbp.engine.state import (
    COLUMN_SUMS,
    DENOMINATORS,
    LATERAL,
    SCALED_ERROR,
    TERMS,
    WEIGHT_ERROR,
)
from strsbp.engine.subnormal import seen
from strsbp.settings import TARGET_COUNT_LABEL
from strsbp.simd import load, store, zeros

TARGET_COUNT_OTHER = 5
MARGIN = 5

RHO_SILENT, HM2BP_RHO_SILENT = np.float32(0.5), np.float32(1.0)
"""rho_ij if either neuron is silent: the usual value, and HM2-BP's program's (finding F11)."""
HM2BP_E_SILENT = np.float32(0.1)
"""e_ij in HM2-BP's program for a silent neuron i and an input j that spiked (finding F11)."""


@njit(cache=True, nogil=True, error_model="numpy")
def output_error(neuron_ptr, n_classes, label, boost, error, repaired_count):
    """Fill `error` with b * d_i; returns (cost, predicted class, whether any d_i is not 0).

    If the label's neuron is silent, the cost is computed as if it had fired `repaired_count`
    spikes.
    """
    cost = 0.0
    best, best_count = 0, -1
    any_error = False
    error[:] = 0
    for i in range(n_classes):
        count = neuron_ptr[i + 1] - neuron_ptr[i]
        if count > best_count:
            best, best_count = i, count
        target = TARGET_COUNT_LABEL if i == label else TARGET_COUNT_OTHER
        d = count - target
        if abs(d) > MARGIN:
            any_error = True
            error[i] = boost * np.float32(d)
        if i == label and count == 0:
            d = repaired_count - target
        if abs(d) > MARGIN:
            cost += d * d
    return cost, best, any_error


@njit(cache=True, nogil=True, error_model="numpy")
def regular_count(n_steps):
    """Number of spikes in the regular train given to a silent label neuron."""
    return (n_steps - 1) // (n_steps // TARGET_COUNT_LABEL)


@njit(cache=True, nogil=True, error_model="numpy")
def repaired_trains(
    neuron_ptr, neuron_times, label, refractory_steps, n_steps,
    repaired_ptr, effective_ptr, effective_times,
):  # fmt: skip
    """Give the silent label neuron its regular train.

    Fills `repaired_ptr`, the offsets (hence counts) including the whole regular train, and
    `effective_ptr`, `effective_times`, the trains used for the S-PSP. If the spikes of the regular
    train are closer than the refractory period allows (small T), the membrane is held at 0 after
    the first of them, so only the first contributes to the S-PSP.
    """
    gap = n_steps // TARGET_COUNT_LABEL
    n_regular = regular_count(n_steps)
    n_effective = n_regular if gap > refractory_steps else 1
    repaired_ptr[0] = 0
    effective_ptr[0] = 0
    position = 0
    for i in range(neuron_ptr.size - 1):
        count = neuron_ptr[i + 1] - neuron_ptr[i]
        if i == label:
            for k in range(n_effective):
                effective_times[position] = gap * (k + 1)
                position += 1
            repaired_ptr[i + 1] = repaired_ptr[i] + n_regular
        else:
            for k in range(count):
                effective_times[position] = neuron_times[neuron_ptr[i] + k]
                position += 1
            repaired_ptr[i + 1] = repaired_ptr[i] + count
        effective_ptr[i + 1] = position


@njit(cache=True, nogil=True, error_model="numpy")
def lateral_factors(neuron_ptr, n_classes, label, threshold, spsp, rho_silent, factors):
    """L_i = 1 / (1 - sum_{l != i} rho_il h_l rho_li h_i) from the spikes before the repair.

    `spsp` (n, n) float32: e_il from output l to output i, at spsp[l, i]; `rho_silent` (float32):
    rho if either is silent.
    """
    inverse = np.float32(1.0) / threshold
    factors[:] = 1
    for i in range(n_classes):
        c_i = neuron_ptr[i + 1] - neuron_ptr[i]
        if c_i == 0 and i != label:
            continue
        total = np.float32(0.0)
        for other in range(n_classes):
            c_l = neuron_ptr[other + 1] - neuron_ptr[other]
            if other == i or (c_l == 0 and other != label):
                continue
            rho_il = rho_li = rho_silent
            if c_i > 0 and c_l > 0:
                rho_il = spsp[other, i] / np.float32(c_l)
                rho_li = spsp[i, other] / np.float32(c_i)
            total += rho_il * inverse * rho_li * inverse
        factors[i] = np.float32(1.0) / (np.float32(1.0) - total)


@njit(cache=True, nogil=True, error_model="numpy")
def scaled_error(error, divisor, scaled):
    """delta / theta: the error of a layer's spike counts, divided as in section 7."""
    for i in range(error.size):
        scaled[i] = error[i] / divisor


@njit(cache=True, nogil=True, error_model="numpy")
def weight_error(scaled, s, ablated, lateral, out):
    """The factor of e_ij in the weight gradient: delta_i L_i / s_i (s_i = 1 if ablated)."""
    for i in range(scaled.size):
        value = scaled[i] if ablated else scaled[i] / s[i]
        out[i] = value * lateral[i]


@njit(cache=True, nogil=True, error_model="numpy")
def normalise(spsp, n_active, rows):
    """Scale s_i and `WEIGHT_ERROR` so that the weight gradient has the same norm as with s_i = 1.

    `spsp` (m, n) float32: e_ij, one row for each of the `n_active` inputs that spiked. `rows`: see
    `strsbp.engine.state`; the row `TERMS` is overwritten.
    """
    like, squares, s, error = zeros(16), rows[TERMS], rows[DENOMINATORS], rows[WEIGHT_ERROR]
    for i in range(0, spsp.shape[1], 16):
        total = like
        for row in range(n_active):
            e = load(like, spsp, row, i)
            total += e * e
        store(rows, TERMS, i, total)
    length = unscaled = 0.0
    for i in range(s.size):
        length += np.float64(error[i]) ** 2 * squares[i]
        unscaled += np.float64(rows[SCALED_ERROR, i] * rows[LATERAL, i]) ** 2 * squares[i]
    if unscaled > 0:
        ratio = np.float32(math.sqrt(length / unscaled))
        for i in range(s.size):
            s[i] *= ratio
            error[i] /= ratio


@njit(cache=True, nogil=True, error_model="numpy")
def excite_silent(neuron_ptr, spsp):
    """Set HM2-BP's e_ij for silent neurons i; `spsp`: the rows of the inputs that spiked (F11)."""
    for row in range(spsp.shape[0]):
        for i in range(neuron_ptr.size - 1):
            if neuron_ptr[i + 1] == neuron_ptr[i]:
                spsp[row, i] = HM2BP_E_SILENT


@njit(cache=True, nogil=True, error_model="numpy")
def add_side_effect(neuron_ptr, active, spsp, weights, threshold, rows):
    """Multiply `WEIGHT_ERROR` by 1 + side_i, side_i = sum_j w_ij e_ij / (c_i theta) (F11).

    For a silent neuron i, e_ij / c_i is replaced by 0.5, also for silent inputs. `rows`: see
    `strsbp.engine.state`; the row `TERMS` is overwritten.
    """
    like = zeros(16)
    for i in range(0, weights.shape[1], 16):
        total = like
        for row in range(active.size):
            total += seen(like, load(like, weights, active[row], i)) * load(like, spsp, row, i)
        store(rows, TERMS, i, total)
    for i in range(neuron_ptr.size - 1):
        count = neuron_ptr[i + 1] - neuron_ptr[i]
        total = rows[TERMS, i] / np.float32(count)
        if count == 0:
            total = np.float32(0.5) * rows[COLUMN_SUMS, i]
        rows[WEIGHT_ERROR, i] *= np.float32(1.0) + total / threshold


@njit(cache=True, nogil=True, error_model="numpy")
def back_errors(base, neuron_ptr, rho_silent, back_error, back_silent, back_all):
    """Split `base`, the factor of w_ij rho_ij in the error passed back, by rho.

    `back_error`: factor of e_ij / c_j for outputs that fired; `back_silent`: base * rho for silent
    outputs; `back_all`: base * rho for all outputs, used for silent inputs. rho is `rho_silent`.
    """
    for i in range(base.size):
        value = np.float32(base[i])
        fired = neuron_ptr[i + 1] > neuron_ptr[i]
        back_error[i] = value if fired else np.float32(0.0)
        back_silent[i] = np.float32(0.0) if fired else rho_silent * value
        back_all[i] = rho_silent * value
