"""Spike trains as events: the data structure shared by all stages of the engine.

The spikes of n neurons over T steps are stored twice, both as compressed rows:

- by step: `step_ptr` (T + 1) and `step_idx`: the neurons that fire at each step, ascending;
- by neuron: `neuron_ptr` (n + 1) and `neuron_times`: the steps at which each neuron fires.

The forward pass and the post-synaptic traces use the first, the S-PSP the second.
"""

from collections.abc import Sequence

import numpy as np

from strsbp.compiled import kernel
from strsbp.engine.memory import allocate
from strsbp.engine.state import Trains


@kernel
def transpose(ptr, idx, other_ptr, other_idx):
    """Fill the arrays by step from those by neuron, or the other way round (a counting sort)."""
    n_rows, n_others = ptr.size - 1, other_ptr.size - 1
    other_ptr[:] = 0
    for k in range(ptr[n_rows]):
        other_ptr[idx[k] + 1] += 1
    for other in range(n_others):
        other_ptr[other + 1] += other_ptr[other]
    # other_ptr[i] is the write position of row i; afterwards it is the offset of row i + 1.
    for row in range(n_rows):
        for k in range(ptr[row], ptr[row + 1]):
            other = idx[k]
            other_idx[other_ptr[other]] = row
            other_ptr[other] += 1
    for other in range(n_others, 0, -1):
        other_ptr[other] = other_ptr[other - 1]
    other_ptr[0] = 0


@kernel
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

    def __init__(self, n_neurons: int, n_steps: int, arrays: Sequence[np.ndarray] | None = None):
        self.n_neurons, self.n_steps = n_neurons, n_steps
        self.arrays = Trains(*(arrays or allocate(*self.specs(n_neurons, n_steps))))
        self.step_ptr, self.step_idx, self.neuron_ptr, self.neuron_times = self.arrays

    @staticmethod
    def specs(n_neurons: int, n_steps: int) -> list[tuple[tuple[int, ...], type]]:
        """Shape and dtype of the four arrays."""
        # One entry more than the largest number of spikes, for loops that write one ahead.
        room = n_neurons * n_steps + 1
        return [((size,), np.int32) for size in (n_steps + 1, room, n_neurons + 1, room)]

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

    def set_dense(self, dense: np.ndarray) -> None:
        """Load the trains from an (n_steps, n_neurons) boolean array."""
        steps, neurons = np.nonzero(dense)
        self.step_ptr[:] = np.concatenate([[0], np.cumsum(np.sum(dense, axis=1))])
        self.step_idx[: neurons.size] = neurons
        transpose(*self.arrays)
