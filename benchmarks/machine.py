"""What this machine's first core can do: the rates that the stage bounds are computed from.

Each rate is measured with a loop of the kind that the engine runs, compiled by the same compiler,
so that a bound says what the engine could reach and not what a data sheet promises.
"""

import time

import numpy as np
from numba import njit

from strsbp.encoding import philox

_F = np.float32


@njit(cache=True, error_model="numpy")
def _stream(weights, first, second):
    """Read and write three arrays, element by element: the traffic of an update pass."""
    for i in range(weights.size):
        weights[i] += _F(1e-9)
        first[i] += _F(1e-9)
        second[i] += _F(1e-9)


@njit(cache=True, error_model="numpy")
def _add_rows(total, rows, repeats):
    """Add rows that lie in the second-level cache to one that stays in the first, eight a pass."""
    n = total.size
    m = rows.shape[0] // 8 * 8
    for _ in range(repeats):
        for j in range(0, m, 8):
            for i in range(n):
                total[i] = (
                    total[i] + rows[j, i] + rows[j + 1, i] + rows[j + 2, i] + rows[j + 3, i]
                    + rows[j + 4, i] + rows[j + 5, i] + rows[j + 6, i] + rows[j + 7, i]
                )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _root_and_quotient(x, y, repeats):
    for _ in range(repeats):
        for i in range(x.size):
            y[i] = x[i] / (np.sqrt(x[i]) + _F(1e-8))


@njit(cache=True, error_model="numpy")
def _multiply_add(x, repeats):
    """Eight dependent multiplications and additions for each element loaded and stored."""
    for _ in range(repeats):
        for i in range(x.size):
            v = x[i]
            v = v * _F(0.99) + _F(0.01)
            v = v * _F(0.99) + _F(0.01)
            v = v * _F(0.99) + _F(0.01)
            v = v * _F(0.99) + _F(0.01)
            x[i] = v


@njit(cache=True, error_model="numpy")
def _philox_blocks(words, repeats):
    for repeat in range(repeats):
        for block in range(words.size // 4):
            w0, w1, w2, w3 = philox(
                np.uint32(block), np.uint32(repeat), np.uint32(0), np.uint32(0), np.uint32(1),
                np.uint32(2),
            )  # fmt: skip
            words[4 * block] = w0
            words[4 * block + 1] = w1
            words[4 * block + 2] = w2
            words[4 * block + 3] = w3


def _best(function, *arguments, runs: int = 7) -> float:
    """Shortest of several runs, in seconds: a rate is what the machine can do undisturbed."""
    function(*arguments)
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - begin)
    return min(times)


def rates(n_weights: int, row: int = 400) -> dict[str, float]:
    """Measured rates of one core.

    - `stream_bytes`: bytes a second, read and written, of a pass over three arrays of
      `n_weights` float32 (weights and moments);
    - `row_adds`: additions a second of rows of `row` float32 out of a 640 kB array;
    - `roots`: square roots with a division, a second;
    - `flops`: multiplications and additions a second on data in the first-level cache;
    - `random_words`: 32-bit Philox words a second.
    """
    arrays = [np.ones(n_weights, dtype=_F) for _ in range(3)]
    seconds = _best(_stream, *arrays)
    result = {"stream_bytes": 6 * 4 * n_weights / seconds}
    rows = np.zeros((400, row), dtype=_F)
    seconds = _best(_add_rows, np.zeros(row, dtype=_F), rows, 20)
    result["row_adds"] = 20 * rows.size / seconds
    x = np.ones(row, dtype=_F)
    result["roots"] = 2000 * row / _best(_root_and_quotient, x, np.zeros_like(x), 2000)
    result["flops"] = 2000 * row * 8 / _best(_multiply_add, x, 2000)
    words = np.zeros(400, dtype=np.uint32)
    result["random_words"] = 1000 * words.size / _best(_philox_blocks, words, 1000)
    return result
