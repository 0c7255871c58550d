"""Random spike trains of a given count, by a counter-based generator and in bounded time.

Every train is a function of (seed, o_j, o_i, repeat, side) alone, so that a simulation does not
depend on the number of threads. Finding F3: drawing trains near the jamming density by rejection
may never end; here the number of draws is bounded, and what cannot be drawn is an error.
"""

import numpy as np
from numba import njit

from strsbp.encoding import philox

PRE, POST = 0, 1
_KEY = np.uint32(0x5350_5350)
"""Sets these draws apart from those that encode images with the same seed."""

TRIES_PER_STEP = 64
"""Consecutive draws without a free place, per step of the train, before a train is begun anew."""
RESTARTS = 200
"""Trains begun anew before the sampler gives up."""


@njit(inline="always")
def _word(block, repeat, o_i, o_j, k0, k1, buffer, position):
    """The next 32-bit word of a stream: four to a counter, kept in `buffer`."""
    if position % 4 == 0:
        w0, w1, w2, w3 = philox(
            np.uint32(block), np.uint32(repeat), np.uint32(o_i), np.uint32(o_j), k0, k1
        )
        buffer[0], buffer[1], buffer[2], buffer[3] = w0, w1, w2, w3
    return buffer[position % 4]


@njit(cache=True, nogil=True, error_model="numpy")
def draw_with_gap(count, gap, n_steps, seed, side, o_j, o_i, repeat, buffer, taken, times):
    """Draw `count` spike times round(U * T), each at least `gap` from every earlier draw.

    `taken` (n_steps + 1,) uint8 and `buffer` (4,) uint32 are working space. Fills `times`;
    returns False where the bound on draws was met.
    """
    k0 = np.uint32(seed & 0xFFFFFFFF)
    k1 = np.uint32((seed >> 32) ^ _KEY ^ (side << 31))
    limit = TRIES_PER_STEP * n_steps
    position = 0
    for _ in range(RESTARTS):
        taken[:] = 0
        found = 0
        tries = 0
        while found < count and tries < limit:
            word = _word(position >> 2, repeat, o_i, o_j, k0, k1, buffer, position)
            position += 1
            # round(U * T) with U = word / 2**32, in integers.
            t = np.int64(
                (np.uint64(word) * np.uint64(2 * n_steps) + np.uint64(2**32)) >> np.uint64(33)
            )
            if taken[t] != 0:
                tries += 1
                continue
            tries = 0
            times[found] = t
            found += 1
            for near in range(max(t - gap + 1, 0), min(t + gap, n_steps + 1)):
                taken[near] = 1
        if found == count:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def draw_on_slots(count, spacing, seed, side, o_j, o_i, repeat, buffer, slots, times):
    """Draw `count` of the times spacing, 2 * spacing, ... without replacement.

    `slots` holds some order of 0 .. n_slots - 1 and is shuffled in part (Fisher and Yates), from
    whatever order it has: it is put in order first, so that a train depends on its key alone.
    """
    k0 = np.uint32(seed & 0xFFFFFFFF)
    k1 = np.uint32((seed >> 32) ^ _KEY ^ (side << 31))
    n_slots = slots.size
    for k in range(n_slots):
        slots[k] = k
    for k in range(count):
        word = _word(k >> 2, repeat, o_i, o_j, k0, k1, buffer, k)
        other = k + np.int64((np.uint64(word) * np.uint64(n_slots - k)) >> np.uint64(32))
        slots[k], slots[other] = slots[other], slots[k]
        times[k] = (slots[k] + 1) * spacing
