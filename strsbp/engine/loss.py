"""Loss, lateral factor and the errors that enter a layer (specification, sections 4 and 7)."""

import math

import numpy as np

from strsbp.compiled import kernel
from strsbp.engine import state
from strsbp.engine.forward import WORD
from strsbp.engine.subnormal import seen
from strsbp.settings import TARGET_COUNT_LABEL
from strsbp.simd import load, store, zeros

TARGET_COUNT_OTHER = 5
MARGIN = 5

RHO_SILENT, HM2BP_RHO_SILENT = np.float32(0.5), np.float32(1.0)
"""rho_ij if either neuron is silent: the usual value, and HM2-BP's program's (finding F11)."""
HM2BP_E_SILENT = np.float32(0.1)
"""e_ij in HM2-BP's program for a silent neuron i and an input j that spiked (finding F11)."""


@kernel
def output_error(layer, label, boost):
    """Fill the row `ERROR` with b * d_i.

    Returns (cost, predicted class, whether any d_i is not 0).
    """
    ptr, error = layer.trains.neuron_ptr, layer.rows[state.ERROR]
    cost = 0.0
    best, best_count = 0, -1
    any_error = False
    error[:] = 0
    for i in range(layer.n_neurons):
        count = ptr[i + 1] - ptr[i]
        if count > best_count:
            best, best_count = i, count
        target = TARGET_COUNT_LABEL if i == label else TARGET_COUNT_OTHER
        d = count - target
        if abs(d) > MARGIN:
            any_error = True
            error[i] = boost * np.float32(d)
        if layer.repaired_cost and i == label and count == 0:
            d = regular_count(layer.n_steps) - target
        if abs(d) > MARGIN:
            cost += d * d
    return cost, best, any_error


@kernel
def regular_count(n_steps):
    """Number of spikes in the regular train given to a silent label neuron."""
    return (n_steps - 1) // (n_steps // TARGET_COUNT_LABEL)


@kernel
def repair(layer, label):
    """Give the silent label neuron of the output layer its regular train.

    Sets its spikes in `fired`, from which the S-PSP is computed, and fills `repaired_ptr`, the
    offsets (hence counts) including the whole regular train. If the spikes of the regular train are
    closer than the refractory period allows (small T), the membrane is held at 0 after the first of
    them, so only the first is set.
    """
    gap, n_regular = layer.n_steps // TARGET_COUNT_LABEL, regular_count(layer.n_steps)
    for k in range(n_regular if gap > layer.refractory_steps else 1):
        layer.fired[gap * (k + 1), label // WORD] |= np.uint64(1) << np.uint64(label % WORD)
    for i in range(layer.repaired_ptr.size):
        layer.repaired_ptr[i] = layer.trains.neuron_ptr[i] + (n_regular if i > label else 0)


@kernel
def lateral_factors(layer, label):
    """L_i = 1 / (1 - sum_{l != i} rho_il h_l rho_li h_i) from the spikes before the repair.

    Fills the row `LATERAL`; `spsp_outputs` contains e_il from output l to output i at [l, i].
    """
    ptr, spsp, factors = layer.trains.neuron_ptr, layer.spsp_outputs, layer.rows[state.LATERAL]
    inverse = np.float32(1.0) / layer.threshold
    factors[:] = 1
    for i in range(layer.n_neurons):
        c_i = ptr[i + 1] - ptr[i]
        if c_i == 0 and i != label:
            continue
        total = np.float32(0.0)
        for other in range(layer.n_neurons):
            c_l = ptr[other + 1] - ptr[other]
            if other == i or (c_l == 0 and other != label):
                continue
            rho_il = rho_li = layer.rho_silent
            if c_i > 0 and c_l > 0:
                rho_il = spsp[other, i] / np.float32(c_l)
                rho_li = spsp[i, other] / np.float32(c_i)
            total += rho_il * inverse * rho_li * inverse
        factors[i] = np.float32(1.0) / (np.float32(1.0) - total)


@kernel
def normalise(layer, n_active):
    """Scale s_i and `WEIGHT_ERROR` so that the weight gradient has the same norm as with s_i = 1.

    `n_active`: how many inputs spiked; the row `TERMS` is overwritten.
    """
    rows, like = layer.rows, zeros(16)
    squares, s, error = rows[state.TERMS], rows[state.DENOMINATORS], rows[state.WEIGHT_ERROR]
    for i in range(0, rows.shape[1], 16):
        total = like
        for row in range(n_active):
            e = load(like, layer.spsp, row, i)
            total += e * e
        store(rows, state.TERMS, i, total)
    length = unscaled = 0.0
    for i in range(s.size):
        length += np.float64(error[i]) ** 2 * squares[i]
        unscaled += (
            np.float64(rows[state.SCALED_ERROR, i] * rows[state.LATERAL, i]) ** 2 * squares[i]
        )
    if unscaled > 0:
        ratio = np.float32(math.sqrt(length / unscaled))
        for i in range(s.size):
            s[i] *= ratio
            error[i] /= ratio


@kernel
def excite_silent(layer, offsets, n_active):
    """Set HM2-BP's e_ij for silent neurons i and the inputs that spiked (finding F11).

    `offsets`: those of the layer's spikes in the backward pass, here and below.
    """
    for row in range(n_active):
        for i in range(offsets.size - 1):
            if offsets[i + 1] == offsets[i]:
                layer.spsp[row, i] = HM2BP_E_SILENT


@kernel
def add_side_effect(layer, offsets, active):
    """Multiply `WEIGHT_ERROR` by 1 + side_i, side_i = sum_j w_ij e_ij / (c_i theta) (F11).

    For a silent neuron i, e_ij / c_i is replaced by 0.5, also for silent inputs. The row `TERMS` is
    overwritten.
    """
    rows, like = layer.rows, zeros(16)
    for i in range(0, rows.shape[1], 16):
        total = like
        for row in range(active.size):
            w = seen(like, load(like, layer.trained[0], active[row], i))
            total += w * load(like, layer.spsp, row, i)
        store(rows, state.TERMS, i, total)
    for i in range(offsets.size - 1):
        count = offsets[i + 1] - offsets[i]
        total = rows[state.TERMS, i] / np.float32(count)
        if count == 0:
            total = np.float32(0.5) * rows[state.COLUMN_SUMS, i]
        rows[state.WEIGHT_ERROR, i] *= np.float32(1.0) + total / layer.threshold


@kernel
def split_errors(layer, base, offsets):
    """Split `base`, the factor of w_ij rho_ij in the error passed back, by rho.

    `BACK_ERROR`: factor of e_ij / c_j for outputs that fired; `BACK_SILENT`: base * rho for silent
    outputs; `BACK_ALL`: base * rho for all outputs, used for silent inputs.
    """
    rows = layer.rows
    for i in range(base.size):
        value = np.float32(base[i])
        fired = offsets[i + 1] > offsets[i]
        rows[state.BACK_ERROR, i] = value if fired else np.float32(0.0)
        rows[state.BACK_SILENT, i] = np.float32(0.0) if fired else layer.rho_silent * value
        rows[state.BACK_ALL, i] = layer.rho_silent * value
