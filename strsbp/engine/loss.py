"""Loss, lateral factor and the errors that enter a layer (specification, sections 4 and 7)."""

import numpy as np
from numba import njit

from strsbp.settings import TARGET_COUNT_LABEL

TARGET_COUNT_OTHER = 5
MARGIN = 5

_HALF = np.float32(0.5)


@njit(cache=True, nogil=True, error_model="numpy")
def output_error(neuron_ptr, n_classes, label, boost, error):
    """Fill `error` with b * d_i; returns (cost, predicted class, whether any error is left)."""
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
            cost += d * d
            error[i] = boost * np.float32(d)
    return cost, best, any_error


@njit(cache=True, nogil=True, error_model="numpy")
def repaired_trains(
    neuron_ptr, neuron_times, label, refractory_steps, n_steps,
    repaired_ptr, effective_ptr, effective_times,
):  # fmt: skip
    """Give the silent label neuron its regular train.

    Fills `repaired_ptr`, the offsets (hence counts) with the whole regular train, and
    `effective_ptr`, `effective_times`, the trains that shape the S-PSP: where the regular train
    is denser than the refractory period allows (small T), the membrane is held at 0 from its
    first spike on, so that this one alone counts.
    """
    gap = n_steps // TARGET_COUNT_LABEL
    n_regular = (n_steps - 1) // gap
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
def lateral_factors(neuron_ptr, n_classes, label, threshold, spsp, factors):
    """L_i = 1 / (1 - sum_{l != i} rho_il h_l rho_li h_i) from the spikes before the repair.

    `spsp` (n, n) float32: e_il of output i and "input" l at spsp[l, i].
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
            rho_il = _HALF
            rho_li = _HALF
            if c_i > 0 and c_l > 0:
                rho_il = spsp[other, i] / np.float32(c_l)
                rho_li = spsp[i, other] / np.float32(c_i)
            total += rho_il * inverse * rho_li * inverse
        factors[i] = np.float32(1.0) / (np.float32(1.0) - total)


@njit(cache=True, nogil=True, error_model="numpy")
def scale_by_threshold(error, threshold, scaled):
    """delta / theta, the error with respect to a layer's spike counts, as section 7 opens."""
    for i in range(error.size):
        scaled[i] = error[i] / threshold


@njit(cache=True, nogil=True, error_model="numpy")
def weight_error(scaled, s, ablated, lateral, out):
    """What multiplies e_ij in the weight gradient: delta_i L_i / s_i (s_i = 1 if ablated)."""
    for i in range(scaled.size):
        value = scaled[i] if ablated else scaled[i] / s[i]
        out[i] = value * lateral[i]


@njit(cache=True, nogil=True, error_model="numpy")
def back_errors(base, neuron_ptr, back_error, back_silent, back_all):
    """Split the multiplier of w_ij rho_ij by whether the output is silent (rho = 0.5)."""
    for i in range(base.size):
        value = np.float32(base[i])
        fired = neuron_ptr[i + 1] > neuron_ptr[i]
        back_error[i] = value if fired else np.float32(0.0)
        back_silent[i] = np.float32(0.0) if fired else _HALF * value
        back_all[i] = _HALF * value
