"""Spike trains as events: the data structure shared by all stages of the engine.

The spikes of n neurons over T steps are stored twice, both as compressed rows:

- by step: `step_ptr` (T + 1) and `step_idx`: the neurons that fire at each step, ascending;
- by neuron: `neuron_ptr` (n + 1) and `neuron_times`: the steps at which each neuron fires.

The forward pass and the post-synaptic traces use the first, the S-PSP the second.
"""

import numpy as np
from numba import njit

from strsbp.engine.memory import allocate
from strsbp.engine.state import Trains


@njit(cache=True, nogil=True, error_model="numpy")
def by_step(neuron_ptr, neuron_times, n_steps, step_ptr, step_idx):
    """Fill the step-major arrays from the neuron-major ones (a counting sort)."""
    step_ptr[:] = 0
    n_neurons = neuron_ptr.size - 1
    for k in range(neuron_ptr[n_neurons]):
        step_ptr[neuron_times[k] + 1] += 1
    for t in range(n_steps):
        step_ptr[t + 1] += step_ptr[t]
    # step_ptr[t] is the write position of step t; afterwards it is the offset of step t + 1.
    for neuron in range(n_neurons):
        for k in range(neuron_ptr[neuron], neuron_ptr[neuron + 1]):
            t = neuron_times[k]
            step_idx[step_ptr[t]] = neuron
            step_ptr[t] += 1
    for t in range(n_steps, 0, -1):
        step_ptr[t] = step_ptr[t - 1]
    step_ptr[0] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def by_neuron(step_ptr, step_idx, n_steps, neuron_ptr, neuron_times):
    """Fill the neuron-major arrays from the step-major ones (a counting sort)."""
    neuron_ptr[:] = 0
    n_neurons = neuron_ptr.size - 1
    for k in range(step_ptr[n_steps]):
        neuron_ptr[step_idx[k] + 1] += 1
    for neuron in range(n_neurons):
        neuron_ptr[neuron + 1] += neuron_ptr[neuron]
    for t in range(n_steps):
        for k in range(step_ptr[t], step_ptr[t + 1]):
            neuron = step_idx[k]
            neuron_times[neuron_ptr[neuron]] = t
            neuron_ptr[neuron] += 1
    for neuron in range(n_neurons, 0, -1):
        neuron_ptr[neuron] = neuron_ptr[neuron - 1]
    neuron_ptr[0] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def find_active(neuron_ptr, room):
    """The neurons that spiked, ascending, as a view of the buffer `room` (n,) int32."""
    count = 0
    for neuron in range(neuron_ptr.size - 1):
        room[count] = neuron
        count += neuron_ptr[neuron + 1] > neuron_ptr[neuron]
    return room[:count]


class SpikeTrains:
    """Reusable buffers for the spike trains of `n_neurons` neurons over `n_steps` steps.

    Attributes are int32 arrays: `step_ptr` (n_steps + 1), `step_idx`, `neuron_ptr`
    (n_neurons + 1), `neuron_times`; entries past the last offset are meaningless. `arrays` is the
    tuple of these, allocated here unless given (see `specs`).
    """

    def __init__(self, n_neurons: int, n_steps: int, arrays=None):
        self.n_neurons, self.n_steps = n_neurons, n_steps
        self.arrays = Trains(*(arrays or allocate(*self.specs(n_neurons, n_steps))))
        self.step_ptr, self.step_idx, self.neuron_ptr, self.neuron_times = self.arrays

    @staticmethod
    def specs(n_neurons: int, n_steps: int) -> list[tuple[tuple[int, ...], type]]:
        """Shape and dtype of the four arrays."""
        # One entry more than the largest number of spikes, for loops that write one ahead.
        room = n_neurons * n_steps + 1
        return [((size,), np.int32) for size in (n_steps + 1, room, n_neurons + 1, room)]

    def index_by_step(self) -> None:
        """Derive the step-major arrays from the neuron-major ones."""
        by_step(self.neuron_ptr, self.neuron_times, self.n_steps, self.step_ptr, self.step_idx)

    def index_by_neuron(self) -> None:
        """Derive the neuron-major arrays from the step-major ones."""
        by_neuron(self.step_ptr, self.step_idx, self.n_steps, self.neuron_ptr, self.neuron_times)

    @property
    def counts(self) -> np.ndarray:
        """Spike counts, (n_neurons,) int32."""
        return np.diff(self.neuron_ptr)

    def to_dense(self) -> np.ndarray:
        """The trains as an (n_steps, n_neurons) boolean array, from the step-major arrays."""
        dense = np.zeros((self.n_steps, self.n_neurons), dtype=bool)
        n_spikes = self.step_ptr[-1]
        dense[
            np.repeat(np.arange(self.n_steps), np.diff(self.step_ptr)), self.step_idx[:n_spikes]
        ] = True
        return dense

    def set_dense(self, dense) -> None:
        """Load the trains from an (n_steps, n_neurons) boolean array."""
        steps, neurons = np.nonzero(dense)
        self.step_ptr[:] = np.concatenate([[0], np.cumsum(np.sum(dense, axis=1))])
        self.step_idx[: neurons.size] = neurons
        self.index_by_neuron()
