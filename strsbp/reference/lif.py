"""Forward pass: leaky integrate-and-fire neurons with a first-order synapse (section 2)."""

from typing import NamedTuple

import numpy as np

THRESHOLD_SLACK = 1e-6
"""A neuron fires when its membrane exceeds the threshold minus this value, in mV."""


class LifTraces(NamedTuple):
    """Spikes and state variables of a layer during one sample."""

    spikes: np.ndarray
    """Shape (T, n), bool."""
    current: np.ndarray
    """Synaptic current a after the update of each step, shape (T, n), float64."""
    membrane: np.ndarray
    """Membrane v when compared with the threshold, before the reset, shape (T, n), mV."""


def lif_traces(
    input_spikes, weights, *, tau_m, tau_s, threshold, refractory_steps, recurrent=None
) -> LifTraces:
    """Run a layer over T steps of 1 ms and record its state at every step.

    `input_spikes`: bool of shape (T, m); `weights` (n, m) and `recurrent` (n, n) or None, both
    with the post-synaptic neuron first; time constants in steps, `threshold` in mV. A spike takes
    effect at the next step, and nothing fires at step 0.
    """
    inputs = np.asarray(input_spikes, dtype=bool)
    weights = np.asarray(weights, dtype=np.float64)
    n_steps, n_neurons = len(inputs), len(weights)

    spikes = np.zeros((n_steps, n_neurons), dtype=bool)
    currents = np.zeros((n_steps, n_neurons))
    membranes = np.zeros((n_steps, n_neurons))
    current = np.zeros(n_neurons)
    membrane = np.zeros(n_neurons)
    refractory = np.zeros(n_neurons, dtype=np.int64)

    for t in range(1, n_steps):
        current = current * (1 - 1 / tau_s) + weights @ inputs[t - 1]
        if recurrent is not None:
            current = current + recurrent @ spikes[t - 1]
        membrane = membrane * (1 - 1 / tau_m) + current / tau_s

        held = refractory > 0
        membrane[held] = 0.0
        refractory[held] -= 1

        fires = membrane > threshold - THRESHOLD_SLACK
        spikes[t], currents[t], membranes[t] = fires, current, membrane
        refractory[fires] = refractory_steps
        membrane[fires] = 0.0

    return LifTraces(spikes, currents, membranes)


def lateral_inhibition(n_neurons: int) -> np.ndarray:
    """Fixed recurrent weights of the output layer: -1 between neurons, 0 on the diagonal."""
    return np.eye(n_neurons) - 1.0


def spike_counts(spikes) -> np.ndarray:
    """Number of spikes of each neuron over all T steps, int64 of shape (n,)."""
    return np.asarray(spikes, dtype=bool).sum(axis=0, dtype=np.int64)


def prediction(output_counts) -> int:
    """Class with the most output spikes; the lowest one in a tie, so class 0 if all are silent."""
    return int(np.argmax(output_counts))
