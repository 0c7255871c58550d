"""Input spikes: images encoded by rate, or ready spike trains.

Rate encoding uses a counter-based generator (specification, section 1).

A pixel x fires at step t = 1 .. T-1 with probability x / (5.5 * 255), never at t = 0. The
decision for (seed, split, image, pixel, step) compares one 32-bit word of Philox-4x32-10 (Salmon
et al., 2011) with an integer threshold, so every sample can be reproduced bit for bit on any
device:

    key     = (seed mod 2**32, seed div 2**32)
    counter = (step div 4, pixel, image, split),   word = step mod 4

Ready spike trains need no encoding. They are stored as one bit per neuron and step, in a row of
bytes as images are, so the engines receive both kinds of data set in the same way.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from strsbp.compiled import inlined, kernel
from strsbp.simd import bits_below, lowest_bit

TRAIN_SPLIT = 0
TEST_SPLIT = 1

RATE_DIVISOR = 5.5 * 255
THRESHOLDS = np.array([round(x * 2**32 / RATE_DIVISOR) for x in range(256)], dtype=np.uint32)
"""A pixel of value x fires if its 32-bit word is below THRESHOLDS[x]."""

_MUL_0 = np.uint64(0xD2511F53)
_MUL_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint32(0x9E3779B9)
_WEYL_1 = np.uint32(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@inlined
def philox(c0, c1, c2, c3, k0, k1):
    """Philox-4x32-10: four 32-bit words for a 128-bit counter and a 64-bit key.

    Every argument and result is a `numpy.uint32`.
    """
    for _ in range(10):
        p0 = _MUL_0 * np.uint64(c0)
        p1 = _MUL_1 * np.uint64(c2)
        c0 = np.uint32(p1 >> _HALF) ^ c1 ^ k0
        c1 = np.uint32(p1 & _LOW)
        c2 = np.uint32(p0 >> _HALF) ^ c3 ^ k1
        c3 = np.uint32(p0 & _LOW)
        k0 = np.uint32(k0 + _WEYL_0)
        k1 = np.uint32(k1 + _WEYL_1)
    return c0, c1, c2, c3


@kernel
def encode_image(image, key, index, n_steps, ptr, times):
    """Write the spike times, pixel by pixel.

    `ptr` (n_pixels + 1,) int32 receives the offsets, `times` int32 (n_pixels * n_steps + 1 or more)
    the steps; `key`: see `Encoder`.
    """
    k0, k1, split = key
    words = np.empty((n_steps + 63) // 64 * 64, dtype=np.uint32)
    n_blocks = (n_steps + 3) // 4
    count = 0
    ptr[0] = 0
    for pixel in range(image.size):
        value = image[pixel]
        if value > 0:
            threshold = THRESHOLDS[value]
            for block in range(n_blocks):
                w0, w1, w2, w3 = philox(np.uint32(block), np.uint32(pixel), index, split, k0, k1)
                words[4 * block] = w0
                words[4 * block + 1] = w1
                words[4 * block + 2] = w2
                words[4 * block + 3] = w3
            for first in range(0, n_steps, 64):
                left = bits_below(words, first, threshold)
                if first == 0:
                    left &= ~np.uint64(1)  # no spike at step 0
                if n_steps - first < 64:
                    left &= (np.uint64(1) << np.uint64(n_steps - first)) - np.uint64(1)
                while left != 0:
                    times[count] = first + lowest_bit(left)
                    count += 1
                    left &= left - np.uint64(1)
        ptr[pixel + 1] = count


def bytes_of(n_steps: int) -> int:
    """Bytes per neuron of packed spike trains: a bit per step, in whole 64-bit words."""
    return 8 * -(-n_steps // 64)


def packed_trains(events: Sequence[np.ndarray], shape: tuple[int, int, int]) -> np.ndarray:
    """Spike trains from events, uint8 (n_samples, n_neurons * `bytes_of(n_steps)`).

    `events`: sample, neuron and step of each, integer arrays with numbers below `shape` (n_samples,
    n_neurons, n_steps). Bit t of a neuron's bytes, lowest first, is its spike at step t; a second
    event there has no effect.
    """
    (sample, neuron, step), (n_samples, n_neurons, n_steps) = events, shape
    bits = np.zeros((n_samples, n_neurons, bytes_of(n_steps)), dtype=np.uint8)
    np.bitwise_or.at(bits, (sample, neuron, step // 8), (1 << step % 8).astype(np.uint8))
    return bits.reshape(n_samples, -1)


@kernel
def unpack_trains(packed, n_steps, ptr, times):
    """Like `encode_image` for one row of `packed_trains`; spikes from `n_steps` on are left out."""
    n_neurons = ptr.size - 1
    n_bytes = packed.size // n_neurons
    count = 0
    ptr[0] = 0
    for neuron in range(n_neurons):
        for byte in range(min(n_bytes, (n_steps + 7) // 8)):
            left = np.int64(packed[neuron * n_bytes + byte])
            step = 8 * byte
            while left != 0 and step < n_steps:
                if left & 1:
                    times[count] = step
                    count += 1
                left >>= 1
                step += 1
        ptr[neuron + 1] = count


@kernel
def input_spikes(row, index, key, n_steps, ptr, times):
    """Write the spike times of a sample: of an image as `encode_image`, or of packed trains.

    `row` (n,) uint8 is an image if it has one byte per input, else a row of `packed_trains`.
    """
    if row.size == ptr.size - 1:
        encode_image(row, key, np.uint32(index), n_steps, ptr, times)
    else:
        unpack_trains(row, n_steps, ptr, times)


class Encoder:
    """Encodes images as spike trains of `n_steps` steps, for one seed and split.

    Parameters: `seed` (0 <= seed < 2**63), `split` (TRAIN_SPLIT or TEST_SPLIT), `n_steps`.
    The attribute `key` (low half of the seed, high half, split) is passed to `input_spikes`.
    """

    def __init__(self, seed: int, split: int, n_steps: int):
        self.key = np.uint32(seed & 0xFFFFFFFF), np.uint32(seed >> 32), np.uint32(split)
        self.n_steps = n_steps

    def encode(self, image: ArrayLike, index: int, n_inputs: int | None = None) -> np.ndarray:
        """The spike trains of `image` as a dense (n_steps, n_inputs) boolean array.

        `index` is the image's position in its split; with the seed it determines every spike.
        `n_inputs`: needed only if `image` is a row of packed spike trains.
        """
        image = np.ascontiguousarray(image, dtype=np.uint8).ravel()
        n_inputs = n_inputs or image.size
        ptr = np.zeros(n_inputs + 1, dtype=np.int32)
        times = np.empty(n_inputs * self.n_steps + 1, dtype=np.int32)
        input_spikes(image, index, self.key, self.n_steps, ptr, times)
        spikes = np.zeros((self.n_steps, n_inputs), dtype=bool)
        spikes[times[: ptr[-1]], np.repeat(np.arange(n_inputs), np.diff(ptr))] = True
        return spikes
