"""Sequential adsorption without Monte Carlo, against all trains one by one and drawn ones."""

from itertools import pairwise

import numpy as np
import pytest
from test_spsp_expectation import drawn_trains

from strsbp.settings import ModelSettings
from strsbp.spsp.adsorption import sequential_trains
from strsbp.spsp.sampling import POST, drawn_train


def one_by_one(n_steps, gap, most, gains, first_place=0):
    """The same sums from every order in which spikes can come."""
    found = [(1.0, 0.0)]
    for trains in drawn_trains(n_steps, gap, most)[1:]:
        kept = {train: chance for train, chance in trains.items() if train[0] >= first_place}
        gained = sum(
            chance * (gains[0, train[0]] + sum(gains[x + 1, y] for x, y in pairwise(train)))
            for train, chance in kept.items()
        )
        found.append((sum(kept.values()), gained))
    return np.array(found).T


@pytest.mark.parametrize("first_place", [0, 1])
@pytest.mark.parametrize("gap", [1, 2, 3, 4])
def test_sums_equal_those_over_all_orders(gap, first_place):
    gains = np.random.default_rng(gap).random((14, 13))
    expected = one_by_one(12, gap, 4, gains, first_place)
    found = sequential_trains(12, gap, 4, gains, first_place)
    # With gap 4 most orders of 4 spikes never end, so that long times count.
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(np.array(found)[:, 2:4], expected[:, 2:4], rtol=1e-8)


@pytest.mark.parametrize("gap", [7, 9, 12])
def test_sums_stay_finite_with_large_gaps(gap):
    # Spikes block so many places that exp(time * blocked) would overflow; few orders end.
    gains = np.random.default_rng(gap).random((14, 13))
    expected = one_by_one(12, gap, 2, gains)
    np.testing.assert_allclose(sequential_trains(12, gap, 2, gains), expected, rtol=0, atol=1e-7)
    assert expected[0, 2] > 0


def test_drawn_trains_have_the_exact_share_of_spikes_at_0():
    n_steps, gap, count, repeats = 60, 3, 14, 4000
    model = ModelSettings(n_steps=n_steps, refractory_steps=gap - 1)
    hits = 0
    for repeat in range(repeats):
        train = drawn_train(model, POST, 1, count, repeat, 1, on_slots=False)
        assert train.sum() == count
        hits += train[0]
    without, _ = sequential_trains(n_steps, gap, count, first_place=1)
    share = 1 - without[count]
    assert abs(hits / repeats - share) < 4 * np.sqrt(share * (1 - share) / repeats)
    assert share > 1.3 * count / (2 * n_steps), "the ends fill more than the middle"
