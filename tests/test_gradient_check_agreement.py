"""Agreement with a noisy truth: cases whose cosine, length and noise are known."""

import numpy as np
import pytest

from strsbp.study.experiments.gradient_check import agreement
from strsbp.study.experiments.gradient_check.agreement import Halves

N_WEIGHTS, N_DIRECTIONS = 200, 400


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
    estimate = projected(at_cosine(gradient, cosine, 3.0))
    found = agreement.cosine(estimate, projected(gradient, noise))
    # At 400 directions the standard error is at most about (1 + noise) / sqrt(400).
    exact = abs(cosine) == 1 and not noise
    assert found == pytest.approx(cosine, abs=1e-9 if exact else 0.15)


def test_noise_that_both_share_raises_no_cosine():
    """The estimate is nothing but the noise of the finite difference of its own half."""
    rng = np.random.default_rng(4)
    signal = projected(np.ones(N_WEIGHTS))
    noise = [rng.normal(0, 30, N_DIRECTIONS) for _ in range(2)]
    truth = Halves(signal.first + noise[0], signal.second + noise[1])
    assert np.corrcoef(noise[0], truth.first)[0, 1] > 0.8, "a plain correlation sees agreement"
    assert abs(agreement.cosine(Halves(*noise), truth)) < 0.2


def test_length_is_that_of_the_estimate_over_that_of_the_truth(gradient):
    noisy = projected(-gradient / 4, 1, seed=1), projected(gradient, 0.5)
    assert agreement.length(*noisy) == pytest.approx(1 / 4, abs=0.03)


def test_by_hand():
    """Two kinds of directions: g = (1, 3), f = (2, 2) without noise."""
    g, f = Halves(*[np.array([1.0, 3.0] * 4)] * 2), Halves(*[np.array([2.0, 2.0] * 4)] * 2)
    assert agreement.cosine(g, f) == pytest.approx(8 / 2 / np.sqrt(10 / 2 * 8 / 2))
    assert agreement.length(g, f) == pytest.approx(np.sqrt(10 / 8))
    assert agreement.linearity(f, f) == pytest.approx(1)


def test_the_truth_describes_itself(gradient):
    truth = projected(gradient, noise=1.0)
    assert agreement.reliability(truth) == pytest.approx(0.5, abs=0.1)
    assert agreement.moved(truth) == 1
    still = Halves(*np.zeros((2, 8)))
    assert agreement.moved(still) == 0 and np.isnan(agreement.reliability(still))


def test_a_truth_below_its_noise_stays_unknown():
    rng = np.random.default_rng(2)
    truth, estimate = (Halves(*rng.normal(size=(2, 64))) for _ in "12")
    assert abs(agreement.reliability(truth)) < 0.3
    assert np.isnan(agreement.cosine(estimate, truth))
    assert np.isnan(agreement.length(estimate, truth))
    assert np.isnan(agreement.linearity(truth, estimate))


def test_a_gradient_of_zero_has_no_cosine(gradient):
    none, truth = Halves(*np.zeros((2, N_DIRECTIONS))), projected(gradient)
    assert np.isnan(agreement.cosine(none, truth)) and agreement.length(none, truth) == 0
