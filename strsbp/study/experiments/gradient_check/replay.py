"""Recorded spike trains, and the upper layers of a network run on them again and again.

Finite differences in the weights of layer k need the spikes that enter layer k, which these
weights do not change. So the spikes are recorded once for all samples, and the layers from k on
run on them in one compiled call.
"""

from typing import NamedTuple

import numpy as np

from strsbp.compiled import kernel
from strsbp.engine import passes
from strsbp.engine.network import Network
from strsbp.engine.state import Trains


class Recording(NamedTuple):
    """Spike trains of S samples, by step as in `strsbp.engine.trains`.

    `first` (S,) int64: where the spikes of a sample begin in `step_idx` (int32, of all samples);
    `step_ptr` (S, T + 1) int32: the offsets of each step from there.
    """

    first: np.ndarray
    step_ptr: np.ndarray
    step_idx: np.ndarray

    @classmethod
    def of(cls, trains) -> "Recording":
        """Copies of `trains`, an iterable of the engine's trains, one per sample."""
        ptrs, spikes = [], []
        for one in trains:
            ptrs.append(one.step_ptr.copy())
            spikes.append(one.step_idx[: one.step_ptr[-1]].copy())
        first = np.cumsum([0, *(part.size for part in spikes[:-1])], dtype=np.int64)
        return cls(first, np.stack(ptrs), np.concatenate(spikes))

    def to_dense(self, sample: int, n_neurons: int) -> np.ndarray:
        """The trains of one sample as a (T, n_neurons) boolean array."""
        ptr = self.step_ptr[sample]
        dense = np.zeros((ptr.size - 1, n_neurons), dtype=bool)
        spikes = self.step_idx[self.first[sample] : self.first[sample] + ptr[-1]]
        dense[np.repeat(np.arange(ptr.size - 1), np.diff(ptr)), spikes] = True
        return dense


@kernel
def _counts(first, step_ptr, step_idx, layers, position, counts):
    for sample in range(step_ptr.shape[0]):
        ptr = step_ptr[sample]
        below = Trains(ptr, step_idx[first[sample] : first[sample] + ptr[-1]], ptr, ptr)
        for k in range(position, len(layers)):
            passes.forward_layer(layers[k], below)
            below = layers[k].trains
        offsets = below.neuron_ptr
        for i in range(counts.shape[1]):
            counts[sample, i] = offsets[i + 1] - offsets[i]


def output_counts(network: Network, recording: Recording, position: int) -> np.ndarray:
    """Output spike counts (S, n_classes) int64, from running the layers from `position` on.

    `recording`: the spikes that enter layer `position` (0: the first).
    """
    counts = np.zeros((len(recording.step_ptr), network.n_classes), dtype=np.int64)
    _counts(*recording, network.arrays, position, counts)
    return counts
