"""Densities of spikes and e_ij at both counts: against all pairs of trains, step by step."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from strsbp.settings import SimulatedTable
from strsbp.spsp.density import sequential_densities, uniform_densities
from strsbp.spsp.exact import ExactCurve, solve_curve
from strsbp.spsp.expectation import expected_surface
from strsbp.spsp.reference import published_trace


def drawn_trains(n_steps, gap, most):
    """The chance of every train of k = 0 .. `most` spikes, a dictionary for each k."""
    weight = np.ones(n_steps + 1)
    weight[[0, -1]] = 0.5
    found = [{(): 1.0}]
    for _ in range(most):
        longer = {}
        for train, chance in found[-1].items():
            free = [y for y in range(n_steps + 1) if all(abs(y - x) >= gap for x in train)]
            for y in free:
                key = tuple(sorted((*train, y)))
                step = chance * weight[y] / weight[free].sum()
                longer[key] = longer.get(key, 0.0) + step
        found.append(longer)
    return found


def uniform_trains(n_steps, gap, most):
    """The same for trains of which all are as likely."""
    found = []
    for k in range(most + 1):
        sets = [
            train for train in combinations(range(1, n_steps), k)
            if all(b - a >= gap for a, b in pairwise(train))
        ]  # fmt: skip
        found.append(dict.fromkeys(sets, 1 / len(sets)))
    return found


def densities_of(trains, n_steps, decay, first_place=0):
    """The sums of `Densities`, train by train."""
    drawn, kept, followed = np.zeros((3, len(trains), n_steps + 1))
    for k, of_k in enumerate(trains):
        for train, chance in of_k.items():
            left_out = train and train[0] < first_place
            for x in train:
                drawn[k, x] += chance
                kept[k, x] += 0 if left_out else chance
            for x, y in pairwise(train):
                followed[k, x] += 0 if left_out else chance * decay ** (y - x)
    return drawn, kept, followed


@pytest.mark.parametrize("first_place", [0, 1])
@pytest.mark.parametrize(("gap", "error"), [(1, 1e-9), (2, 1e-9), (3, 1e-9), (4, 1e-7), (8, 1e-7)])
def test_densities_equal_those_of_all_orders(gap, error, first_place):
    expected = densities_of(drawn_trains(14, gap, 4), 14, 0.9, first_place)
    found = sequential_densities(14, gap, 4, 0.9, first_place)
    # The larger the gap, the more orders never end, so that long times count.
    np.testing.assert_allclose(found, expected, rtol=0, atol=error)


@pytest.mark.parametrize("gap", [1, 2, 3])
def test_uniform_densities_equal_those_of_all_sets(gap):
    expected = densities_of(uniform_trains(13, gap, 4), 13, 0.9)
    np.testing.assert_allclose(uniform_densities(13, gap, 4, 0.9), expected, rtol=1e-12)


def by_hand(table, trains, most):
    """e(o_j, o_i) over all pairs of trains, step by step; [o_j - 1, o_i - 1]."""
    n = table.n_steps + 1
    constants = dict(
        tau_m=table.tau_m, tau_s=table.tau_s, refractory_steps=table.refractory_steps
    )  # fmt: skip
    surface = np.zeros((most, most))
    for o_j, o_i in np.ndindex(surface.shape):
        for pre, chance in trains[o_j + 1].items():
            for post, other in trains[o_i + 1].items():
                if table.spsp == "published" and 0 in post:
                    continue
                steps = np.arange(n)
                e, _, _ = published_trace(np.isin(steps, pre), np.isin(steps, post), **constants)
                surface[o_j, o_i] += chance * other * e
        surface[o_j, o_i] /= sum(trains[o_j + 1].values()) * sum(trains[o_i + 1].values())
    return surface


@pytest.mark.parametrize("refractory_steps", [0, 2])
@pytest.mark.parametrize("spsp", ["published", "unblocked", "exact"])
def test_e_ij_equals_that_of_all_pairs_of_trains(spsp, refractory_steps):
    table = SimulatedTable(
        spsp=spsp, tau_m=7, tau_s=3, refractory_steps=refractory_steps, n_steps=8, grid=3
    )
    trains = (uniform_trains if spsp == "exact" else drawn_trains)(8, refractory_steps + 1, 3)
    expected = by_hand(table, trains, 3)
    curve = solve_curve(table)
    found = expected_surface(curve)
    np.testing.assert_allclose(found, expected, rtol=2e-7)
    np.testing.assert_allclose(found[0], curve.phi[1:], rtol=1e-7)
    if refractory_steps:
        product = curve.counts[1:, None] * curve.phi[1:]
        assert np.abs(found / product - 1).max() > 1e-3, "else this shows nothing beyond phi"


def test_on_slots_e_ij_is_the_product():
    table = SimulatedTable(
        spsp="corrected", tau_m=7, tau_s=3, refractory_steps=2, n_steps=20, grid=4
    )
    curve = ExactCurve(table, np.array([0.0, 1, 2, 4, 7]), np.ones(5))
    np.testing.assert_array_equal(expected_surface(curve)[1], [2, 4, 8, 14])
