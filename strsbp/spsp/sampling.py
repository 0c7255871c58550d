"""Random spike trains with a given count, from a counter-based generator, in bounded time.

Every train depends only on (seed, o_j, o_i, repeat, side), so a simulation does not depend on the
number of threads. Rejection sampling near the jamming density may never end (finding F3); here the
number of draws is bounded, and failure to draw a train is an error.
"""

import numpy as np

from strsbp.compiled import inlined, kernel
from strsbp.encoding import philox
from strsbp.settings import ModelSettings, SimulatedTable

PRE, POST = 0, 1
"""The sides of a pair: j and i."""
_KEY = np.uint32(0x5350_5350)
"""Makes these draws independent of those that encode images with the same seed."""

TRIES_PER_STEP = 64
"""A train is restarted after this many consecutive rejected draws, per step of the train."""
RESTARTS = 200
"""Restarts before the sampler gives up."""


@inlined
def _word(block, repeat, o_i, o_j, k0, k1, buffer, position):
    """The next 32-bit word of a stream; each counter gives four words, kept in `buffer`."""
    if position % 4 == 0:
        w0, w1, w2, w3 = philox(
            np.uint32(block), np.uint32(repeat), np.uint32(o_i), np.uint32(o_j), k0, k1
        )
        buffer[0], buffer[1], buffer[2], buffer[3] = w0, w1, w2, w3
    return buffer[position % 4]


@kernel
def draw_with_gap(count, gap, n_steps, seed, side, o_j, o_i, repeat, buffer, taken, times):
    """Draw `count` spike times round(U * T), each at least `gap` from all earlier ones.

    `taken` (n_steps + 1,) uint8 and `buffer` (4,) uint32 are work arrays. Fills `times`; returns
    False if the limit on draws was reached.
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


@kernel
def draw_on_slots(count, spacing, seed, side, o_j, o_i, repeat, buffer, slots, times):
    """Draw `count` of the times spacing, 2 * spacing, ... without replacement, into `times`.

    `slots` (n_slots,) is a work array. It is reset to 0 .. n_slots - 1, so that a train depends
    only on its key, then partly shuffled (Fisher-Yates).
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


def drawn_train(
    model: ModelSettings | SimulatedTable, side: int, o_j: int, o_i: int, repeat: int, seed: int,
    *, on_slots: bool,
) -> np.ndarray:  # fmt: skip
    """A train of a simulation, (T + 1,) bool: of j (`PRE`) or i (`POST`) in a repeat of a cell.

    `on_slots`: as in the corrected simulation; otherwise as in the published one, with no spike at
    all if the limit on draws was reached.
    """
    count = o_j if side == PRE else o_i
    times, buffer = np.zeros(count, dtype=np.int64), np.zeros(4, dtype=np.uint32)
    train = np.zeros(model.n_steps + 1, dtype=bool)
    if on_slots:
        spacing = max(model.refractory_steps, 1)
        slots = np.zeros(model.n_steps // spacing, dtype=np.int64)
        draw_on_slots(count, spacing, seed, side, o_j, o_i, repeat, buffer, slots, times)
        train[times] = True
    else:
        gap, taken = model.refractory_steps + 1, np.zeros(train.size, dtype=np.uint8)
        train[times] = draw_with_gap(
            count, gap, model.n_steps, seed, side, o_j, o_i, repeat, buffer, taken, times
        )
    return train
