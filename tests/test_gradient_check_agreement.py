"""Agreement with a noisy truth: cases whose cosine, length and noise are known."""

from functools import partial

import numpy as np
import pytest

from strsbp.study.experiments.gradient_check import agreement
from strsbp.study.experiments.gradient_check.agreement import (
    Halves,
    compare_with_truth,
    cosine_difference,
    describe_truth,
)
from strsbp.study.summary.intervals import bootstrap_interval

N_WEIGHTS, N_DIRECTIONS = 200, 400


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    fewer = partial(bootstrap_interval, resamples=300)
    monkeypatch.setattr(agreement, "bootstrap_interval", fewer)


def projected(vector, noise=0.0, seed=0):
    """Projections of `vector` on random signs, with independent noise on each half."""
    signs = np.random.default_rng(77).integers(0, 2, (N_DIRECTIONS, N_WEIGHTS)) * 2.0 - 1
    seen = signs @ vector
    rng = np.random.default_rng(seed)
    spread = noise * np.linalg.norm(vector)
    return Halves(*(seen + rng.normal(0, spread, N_DIRECTIONS) if noise else seen for _ in "12"))


def at_cosine(vector, cosine, length):
    """A vector of the given length that has the given cosine with `vector`."""
    other = np.random.default_rng(5).normal(size=vector.size)
    other -= other @ vector / (vector @ vector) * vector
    parts = vector / np.linalg.norm(vector), other / np.linalg.norm(other)
    return length * (cosine * parts[0] + np.sqrt(1 - cosine**2) * parts[1])


@pytest.fixture
def gradient():
    return np.random.default_rng(1).normal(size=N_WEIGHTS)


@pytest.mark.parametrize("cosine", [1.0, 0.6, 0.0, -1.0])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_known_cosine_is_found_whatever_the_noise(gradient, cosine, noise):
    estimate = at_cosine(gradient, cosine, 3.0)
    found = compare_with_truth(projected(estimate), projected(gradient, noise), seed=1)
    value, low, high = found["cosine"]
    # At 400 directions the standard error is at most about (1 + noise) / sqrt(400).
    assert value == pytest.approx(cosine, abs=1e-9 if abs(cosine) == 1 and not noise else 0.15)
    assert low - 1e-9 <= cosine <= high + 1e-9
    assert low <= value <= high


def test_noise_that_both_share_raises_no_cosine():
    """The estimate is nothing but the noise of the finite difference of its own half."""
    rng = np.random.default_rng(4)
    signal = projected(np.ones(N_WEIGHTS))
    noise = [rng.normal(0, 30, N_DIRECTIONS) for _ in range(2)]
    truth = Halves(signal.first + noise[0], signal.second + noise[1])
    found = compare_with_truth(Halves(*noise), truth, seed=1)
    assert np.corrcoef(noise[0], truth.first)[0, 1] > 0.8, "a plain correlation sees agreement"
    assert abs(found["cosine"][0]) < 0.2


def test_length_is_that_of_the_estimate_over_that_of_the_truth(gradient):
    noisy = projected(-gradient / 4, 1, seed=1), projected(gradient, 0.5)
    length, low, high = compare_with_truth(*noisy, seed=1)["length"]
    assert length == pytest.approx(1 / 4, abs=0.03) and low < 1 / 4 < high


def test_by_hand():
    """Two directions: g = (1, 3), f = (2, 1) without noise."""
    g, f = Halves(*[np.array([1.0, 3.0])] * 2), Halves(*[np.array([2.0, 1.0])] * 2)
    found = compare_with_truth(g, f, seed=1)
    assert found["cosine"][0] == pytest.approx(5 / np.sqrt(10 * 5))
    assert found["length"][0] == pytest.approx(np.sqrt(10 / 5))


def test_the_truth_describes_itself(gradient):
    described = describe_truth(projected(gradient, noise=1.0), seed=1)
    assert described["reliability"][0] == pytest.approx(0.5, abs=0.1)
    assert described["moved"][0] == 1


def test_a_truth_below_its_noise_stays_unknown():
    rng = np.random.default_rng(2)
    truth = Halves(*rng.normal(size=(2, 64)))
    estimate = Halves(*rng.normal(size=(2, 64)))
    described = describe_truth(truth, seed=1)
    assert described["reliability"][1] < 0 < described["reliability"][2]
    found = compare_with_truth(estimate, truth, seed=1)
    assert all(np.isnan(values).all() for values in found.values())
    assert np.isnan(cosine_difference(estimate, estimate, truth, 1)).all()


def test_differences_are_paired(gradient):
    truth = projected(gradient, noise=1.0)
    near, far = (projected(at_cosine(gradient, c, 2.0)) for c in (0.9, 0.85))
    value, low, high = cosine_difference(near, far, truth, seed=1)
    single = compare_with_truth(near, truth, seed=1)["cosine"]
    assert value == pytest.approx(0.05, abs=0.05)
    assert high - low < (single[2] - single[1]) / 2
    assert cosine_difference(near, near, truth, seed=1) == (0, 0, 0)
    swapped = cosine_difference(far, near, truth, seed=1)
    assert swapped[0] == pytest.approx(-value)
