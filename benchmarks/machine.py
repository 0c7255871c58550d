"""Rates of one core of this machine, from which the bounds of the stages are computed.

Each rate is measured with the kind of loop that the engine runs, compiled by the same compiler, so
a bound is what the engine could achieve rather than a data-sheet value.
"""

import time
from collections.abc import Callable

import numpy as np
from numba import njit

from strsbp.encoding import philox
from strsbp.engine.forward import add_rows
from strsbp.simd import store, zeros

_F = np.float32


@njit(cache=True, error_model="numpy")
def _stream(weights, first, second):
    """Read and write three arrays, element by element: the traffic of an update pass."""
    for i in range(weights.size):
        weights[i] += _F(1e-9)
        first[i] += _F(1e-9)
        second[i] += _F(1e-9)


@njit(cache=True, error_model="numpy")
def _add_rows(out, rows, index, at_once, repeats):
    """Sum rows[index], `at_once` rows at a time, in tiles of 64 columns kept in registers."""
    like = zeros(64)
    for _ in range(repeats):
        for start in range(0, index.size, at_once):
            for i in range(0, rows.shape[1], 64):
                total = add_rows(like, like, rows, i, index, start, start + at_once)
                store(out, 0, i, total)


@njit(cache=True, error_model="numpy")
def _root_and_quotient(x, y, repeats):
    for _ in range(repeats):
        for i in range(x.size):
            y[i] = x[i] / (np.sqrt(x[i]) + _F(1e-8))


@njit(cache=True, error_model="numpy")
def _multiply_add(x, repeats):
    """Eight dependent operations (multiplications and additions) per element."""
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


def measure(call: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def _best(function, *arguments, runs: int = 7) -> float:
    """Shortest of several runs, in seconds, to exclude disturbances."""
    function(*arguments)
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - begin)
    return min(times)


def rates(n_weights: int, row: int = 400) -> dict[str, float]:
    """Measured rates of one core.

    - `stream_bytes`: bytes per second, read and written, in a pass over three arrays of
      `n_weights` float32 (weights and moments);
    - `row_adds`: additions per second, adding rows of 64 float32 from the L1 cache;
    - `far_row_adds`: the same for rows of 384 from a 600 kB array, eight at a time;
    - `roots`: square roots, each with a division, per second;
    - `flops`: multiplications and additions per second on data in the L1 cache;
    - `random_words`: 32-bit Philox words per second.
    """
    arrays = [np.ones(n_weights, dtype=_F) for _ in range(3)]
    seconds = _best(_stream, *arrays)
    result = {"stream_bytes": 6 * 4 * n_weights / seconds}
    rng = np.random.default_rng(0)
    for name, shape, at_once in (("row_adds", (100, 64), 400), ("far_row_adds", (400, 384), 8)):
        rows, out = np.zeros(shape, dtype=_F), np.zeros((1, shape[1]), dtype=_F)
        index = np.sort(rng.integers(0, shape[0], 400).reshape(-1, at_once)).ravel()
        seconds = _best(_add_rows, out, rows, index, at_once, 20)
        result[name] = 20 * index.size * shape[1] / seconds
    x = np.ones(row, dtype=_F)
    result["roots"] = 2000 * row / _best(_root_and_quotient, x, np.zeros_like(x), 2000)
    result["flops"] = 2000 * row * 8 / _best(_multiply_add, x, 2000)
    words = np.zeros(400, dtype=np.uint32)
    result["random_words"] = 1000 * words.size / _best(_philox_blocks, words, 1000)
    return result
