"""Vectors in compiled code, and arithmetic near the smallest float32, equal NumPy's bit for bit."""

import numpy as np
import pytest
from numba import njit

from strsbp import simd as lanes
from strsbp.engine import adam, subnormal

F32 = np.float32
QUANTUM = F32(2.0**-149)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def spread(rng, shape, low, high, zeros=0.1):
    """Numbers of either sign whose magnitudes lie between 2^low and 2^high, some of them 0."""
    values = rng.choice([-1, 1], shape) * 2.0 ** rng.uniform(low, high, shape)
    return np.where(rng.random(shape) < zeros, 0, values).astype(F32)


def same(a, b):
    """Whether two arrays are equal bit for bit, but for the sign of 0 and the payload of nan."""
    both_nan = np.isnan(a) & np.isnan(b)
    return bool(np.all((a.view(np.int32) == b.view(np.int32)) | ((a == 0) & (b == 0)) | both_nan))


@pytest.mark.parametrize("width", [1, 16, 64])
def test_lanes_compute_what_numpy_computes(rng, width):
    @njit
    def compute(like, a, b, out):
        x, y = lanes.load(like, a, 1, 3), lanes.load(like, b, 0, 0)
        half = lanes.splat(like, F32(0.5))
        lanes.store(out, 0, 0, x + y)
        lanes.store(out, 1, 0, x - y)
        lanes.store(out, 2, 0, x * y)
        lanes.store(out, 3, 0, x / y)
        lanes.store(out, 4, 0, lanes.where(x > half, x, y))
        lanes.store(out, 5, 0, lanes.root(lanes.magnitude(x)))
        lanes.store(out, 6, 0, lanes.with_sign(x, y))
        word = lanes.bits(x > half)
        lanes.store(out, 7, 0, lanes.where(lanes.mask(like, word), half, like))
        return word, lanes.ordered_sum(x)

    @njit
    def run(a, b, out):
        if width == 1:
            return compute(lanes.zeros(1), a, b, out)
        if width == 16:
            return compute(lanes.zeros(16), a, b, out)
        return compute(lanes.zeros(64), a, b, out)

    a, b = rng.normal(size=(2, 70)).astype(F32), rng.normal(size=(1, 70)).astype(F32)
    out = np.zeros((8, 70), dtype=F32)
    word, total = run(a, b, out)
    x, y = a[1, 3 : 3 + width], b[0, :width]
    expected = [
        x + y, x - y, x * y, x / y, np.where(x > F32(0.5), x, y), np.sqrt(np.abs(x)),
        np.copysign(x, y), np.where(x > F32(0.5), F32(0.5), F32(0)),
    ]  # fmt: skip
    for row, values in zip(out, expected, strict=True):
        assert same(row[:width], values)
        assert not row[width:].any()
    assert [bool(word >> k & 1) for k in range(width)] == list(x > F32(0.5))
    in_order = F32(0)
    for value in x:
        in_order += value
    assert total == in_order


@njit
def _shift(values, up, down):
    like = lanes.zeros(16)
    for row in range(values.shape[0]):
        x = lanes.load(like, values, row, 0)
        lanes.store(up, row, 0, lanes.times_2_64(x))
        lanes.store(down, row, 0, lanes.over_2_64(lanes.times_2_64(x)))


def test_scaling_by_2_64_is_exact_and_is_undone(rng):
    values = np.concatenate([spread(rng, (2000, 16), -150, -100), spread(rng, (500, 16), -127, 62)])
    # Every corner between subnormal and normal numbers.
    values[0, :8] = F32(2.0**-126) + np.arange(-4, 4) * QUANTUM
    values[0, 8:] = -np.arange(8) * QUANTUM
    up, down = np.empty_like(values), np.empty_like(values)
    _shift(values, up, down)
    assert same(up, (values.astype(np.float64) * 2.0**64).astype(F32))
    assert same(down, values)


@njit
def _scaled(a, b, product, quotient):
    like = lanes.zeros(16)
    everywhere = lanes.splat(like, subnormal.SUBNORMAL)
    for row in range(a.shape[0]):
        x = lanes.times_2_64(lanes.load(like, a, row, 0))
        y = lanes.load(like, b, row, 0)
        lanes.store(product, row, 0, lanes.over_2_64(subnormal.product(like, x, y, everywhere)))
        lanes.store(quotient, row, 0, lanes.over_2_64(subnormal.quotient(like, x, y, everywhere)))


def test_products_and_quotients_round_as_subnormal_numbers_do(rng):
    a = spread(rng, (20_000, 16), -150, -118)
    # Few units of the last place and simple divisors: many results lie half-way between two.
    a[:5000] = rng.integers(-40, 40, (5000, 16)) * QUANTUM
    b = np.abs(spread(rng, (20_000, 16), -20, -0.01, zeros=0))
    b[:5000] = rng.integers(1, 40, (5000, 16)) / F32(16)
    product, quotient = np.empty_like(a), np.empty_like(a)
    _scaled(a, b, product, quotient)
    assert same(product, a * b)
    assert same(quotient, a / b)
    halves = np.abs(a.astype(np.float64) / b / float(QUANTUM)) % 1 == 0.5
    assert halves.sum() > 100  # the case that needs care was there


@njit
def _adam(error, factor, weight, first, second, step, root_scale):
    like = lanes.zeros(16)
    for row in range(weight.shape[0]):
        w, m, v = adam.adam_step(
            like, lanes.load(like, error, row, 0), lanes.load(like, factor, row, 0),
            lanes.load(like, weight, row, 0), lanes.load(like, first, row, 0),
            lanes.load(like, second, row, 0), step, root_scale,
        )  # fmt: skip
        lanes.store(weight, row, 0, w)
        lanes.store(first, row, 0, m)
        lanes.store(second, row, 0, v)


def plain_adam(error, factor, weight, first, second, step, root_scale):
    """The same in NumPy's float32, which knows nothing of what subnormal numbers cost."""
    b1, b2 = F32(0.9), F32(0.999)
    g = error + factor * weight
    m = b1 * first + F32(1 - 0.9) * g
    v = b2 * second + F32(1 - 0.999) * (g * g)
    return weight - step * m / (np.sqrt(v) * root_scale + F32(1e-8)), m, v


@pytest.mark.parametrize("errors, step, root_scale", [(0.0, 5e-3, 31.0), (0.5, 1e-3, 1.0)])
@pytest.mark.parametrize(
    "low, high",
    [(-150, -100), (-150, -140), (-130, -120), (-70, -58), (-150, 10), (-150, 60), (-40, 3)],
)
def test_adam_near_zero_gives_the_bits_of_plain_float32(rng, low, high, errors, step, root_scale):
    shape = (5000, 16)
    weight, first = spread(rng, shape, low, high), spread(rng, shape, low, high)
    second = np.abs(spread(rng, shape, *((-150, 10) if errors else (-60, 2))))
    error = spread(rng, shape, -150, 5, zeros=1 - errors)
    factor = np.abs(spread(rng, shape, -8, -3))
    first[0, 0], weight[0, 1], weight[1, 0] = np.nan, np.nan, np.inf
    with np.errstate(all="ignore"):
        expected = plain_adam(error, factor, weight, first, second, F32(step), F32(root_scale))
        found = weight.copy(), first.copy(), second.copy()
        _adam(error, factor, *found, F32(step), F32(root_scale))
    for ours, theirs in zip(found, expected, strict=True):
        assert same(ours, theirs)


@pytest.mark.parametrize("broken", [np.inf, np.nan])
@pytest.mark.parametrize("which", ["factor", "error"])
def test_no_small_weight_hides_an_infinite_gradient(rng, which, broken):
    # The regulariser's factor overflows at weights of some 400, a lateral factor may divide by 0.
    shape = (200, 16)
    weight, first = spread(rng, shape, -150, -60), spread(rng, shape, -150, -60)
    second = np.abs(spread(rng, shape, -60, 2))
    given = dict(error=spread(rng, shape, -150, 5), factor=np.abs(spread(rng, shape, -8, -3)))
    given[which][:, ::3] = broken
    _adam(*given.values(), weight, first, second, F32(1e-3), F32(1.0))
    for found in (weight, first, second):
        assert not np.isfinite(found[:, ::3]).any()
        assert np.isfinite(found[:, 1::3]).all()


def test_what_is_not_seen_is_left_out_and_nan_is_kept():
    assert subnormal.one_seen(F32(1e-31)) == 0
    assert subnormal.one_seen(F32(-1e-29)) == F32(-1e-29)
    assert np.isnan(subnormal.one_seen(F32(np.nan)))
