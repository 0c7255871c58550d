"""Targets, margin, cost, and the spike train given to a silent label neuron (section 4)."""

import numpy as np

from strsbp.settings import TARGET_COUNT_LABEL

TARGET_COUNT_REST = 5
"""Target spike count of every output neuron except the label's."""
COUNT_MARGIN = 5
"""An output count within this distance of its target is not an error."""


def count_errors(output_counts, label: int) -> np.ndarray:
    """d_i: count minus target, 0 within the margin; float64 of shape (n_classes,)."""
    difference = np.asarray(output_counts) - TARGET_COUNT_REST
    difference[label] += TARGET_COUNT_REST - TARGET_COUNT_LABEL
    return np.where(np.abs(difference) > COUNT_MARGIN, difference, 0).astype(np.float64)


def cost(errors) -> float:
    """Reported cost of one sample: the sum of d_i squared, without the boosting weight."""
    return float(np.sum(np.square(errors)))


def repaired(output_spikes, label: int) -> np.ndarray:
    """Output spikes (T, n) used in the backward pass; a repaired copy if the label was silent.

    The label's neuron then has a regular train: spikes at g, 2g, ... < T, where g is floor(T / 35)
    whatever the refractory period; this gives 36 spikes at T = 400.
    """
    spikes = np.asarray(output_spikes, dtype=bool)
    if spikes[:, label].any():
        return spikes
    spikes = spikes.copy()
    gap = len(spikes) // TARGET_COUNT_LABEL
    spikes[gap::gap, label] = True
    return spikes
