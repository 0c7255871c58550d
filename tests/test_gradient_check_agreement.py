"""Agreement with a noisy truth: cases whose cosine, scale and noise are known."""

import numpy as np
import pytest

from strsbp.study.experiments.gradient_check import agreement
from strsbp.study.experiments.gradient_check.agreement import (
    Halves,
    compare_with_truth,
    cosine_difference,
    describe_truth,
    interval,
    linearity,
)

N_WEIGHTS, N_DIRECTIONS = 200, 400


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(agreement, "RESAMPLES", 300)


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


def test_noise_is_corrected_for_and_not_by_chance(gradient):
    truth = projected(gradient, noise=1.5, seed=3)
    raw = np.corrcoef(projected(gradient).first, (truth.first + truth.second) / 2)[0, 1]
    found = compare_with_truth(projected(gradient), truth, seed=1)["cosine"][0]
    assert raw < 0.75
    assert found == pytest.approx(1, abs=0.12)


def test_noise_that_both_share_raises_no_cosine():
    """The estimate is nothing but the noise of the finite difference of its own half."""
    rng = np.random.default_rng(4)
    signal = projected(np.ones(N_WEIGHTS))
    noise = [rng.normal(0, 30, N_DIRECTIONS) for _ in range(2)]
    truth = Halves(signal.first + noise[0], signal.second + noise[1])
    found = compare_with_truth(Halves(*noise), truth, seed=1)
    assert np.corrcoef(noise[0], truth.first)[0, 1] > 0.8, "which a plain correlation would take"
    assert abs(found["cosine"][0]) < 0.2


def test_scale_is_the_factor_that_the_estimate_lacks(gradient):
    found = compare_with_truth(projected(gradient / 4), projected(gradient, 0.5), seed=1)
    assert found["scale"][0] == pytest.approx(4, abs=0.3)
    assert found["scale"][1] < 4 < found["scale"][2]
    against = compare_with_truth(projected(-gradient), projected(gradient), seed=1)
    assert against["scale"][0] == pytest.approx(-1)


def test_by_hand():
    """Two directions: g = (1, 3), f = (2, 1) without noise."""
    g, f = Halves(*[np.array([1.0, 3.0])] * 2), Halves(*[np.array([2.0, 1.0])] * 2)
    found = compare_with_truth(g, f, seed=1)
    assert found["cosine"][0] == pytest.approx(5 / np.sqrt(10 * 5))
    assert found["scale"][0] == pytest.approx(5 / 10)


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


def test_a_loss_that_nothing_changes_has_no_gradient():
    silent = Halves(np.zeros(20), np.zeros(20))
    described = describe_truth(silent, seed=1)
    assert described["moved"][0] == 0
    assert np.isnan(described["reliability"]).all()
    some = Halves(np.r_[np.zeros(10), np.ones(10)], np.zeros(20))
    assert describe_truth(some, 1)["moved"][0] == 0.5


def test_an_estimate_of_zero_has_no_direction(gradient):
    found = compare_with_truth(Halves(*np.zeros((2, N_DIRECTIONS))), projected(gradient), seed=1)
    assert all(np.isnan(values).all() for values in found.values())


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


def test_two_steps_of_one_gradient_are_linear_and_of_two_are_not(gradient):
    small, large = projected(gradient, 1.0, seed=5), projected(gradient, 0.5, seed=6)
    value, low, high = linearity(small, large, seed=1)
    assert low < 1 < high
    assert value == pytest.approx(1, abs=0.12)
    bent = projected(at_cosine(gradient, 0.3, 2.0), 0.5, seed=6)
    assert linearity(small, bent, seed=1)[0] == pytest.approx(0.3, abs=0.2)


def test_intervals_cover_and_repeat():
    """Of 40 repetitions with 40 directions, 95 % intervals should miss the cosine some 2 times."""
    rng = np.random.default_rng(8)
    missed = 0
    for _ in range(40):
        f, other = rng.normal(size=(2, 40))
        g = 0.5 * f + np.sqrt(0.75) * other
        halves = Halves(f + rng.normal(0, 0.5, 40), f + rng.normal(0, 0.5, 40))
        _, low, high = compare_with_truth(Halves(g, g), halves, seed=1)["cosine"]
        missed += not low <= 0.5 <= high
    assert missed <= 7
    data = (rng.normal(size=30),)
    assert interval(np.mean, data, 3) == interval(np.mean, data, 3) != interval(np.mean, data, 4)
