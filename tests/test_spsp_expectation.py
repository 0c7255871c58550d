"""Densities of spikes and e_ij at both counts: against all pairs of trains, step by step."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from strsbp.settings import SimulatedTable
from strsbp.spsp.adsorption import sequential_trains
from strsbp.spsp.density import sequential_densities, uniform_densities
from strsbp.spsp.exact import ExactCurve, solve_curve
from strsbp.spsp.expectation import expected_surface, gap_surface
from strsbp.spsp.reference import published_trace
from strsbp.spsp.simulate import simulate_surface
from strsbp.study.experiments.expectation.summarise import nonlinearity


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


def test_the_density_of_two_spikes_by_hand():
    # On 0 .. 4 with gap 3, weights 1/2, 1, 1, 1, 1/2: after a spike at 2 nothing is free, after
    # one at 1 only 4, after one at 0 the places 3 and 4. Pairs: 0-3: 1/8 * 2/3 + 1/4 * 1;
    # 0-4: 1/8 * 1/3 twice; 1-4 as 0-3.
    found = sequential_densities(4, 3, 2, 0.5)
    ends, whole = 1 / 12 + 1 / 4, 1 / 12
    np.testing.assert_allclose(
        found.drawn[2], [ends + whole, ends, 0, ends, ends + whole], atol=1e-7
    )
    np.testing.assert_allclose(
        found.followed[2], [ends / 8 + whole / 16, ends / 8, 0, 0, 0], atol=1e-7
    )


@pytest.mark.parametrize("first_place", [0, 1])
def test_densities_mirror_and_sum_to_the_count(first_place):
    n_steps, gap, most = 45, 3, 12
    drawn, kept, _ = sequential_densities(n_steps, gap, most, 0.9, first_place)
    np.testing.assert_allclose(drawn, drawn[:, ::-1], atol=1e-12)
    counts = np.arange(most + 1)
    for density, place in ((drawn, 0), (kept, first_place)):
        share, _ = sequential_trains(n_steps, gap, most, first_place=place)
        np.testing.assert_allclose(density.sum(axis=1), counts * share, atol=1e-10)
    assert (drawn[most, [0, -1]] > 1.2 * drawn[most, 20:25].mean() / 2).all()


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


def test_one_input_spike_gives_phi_for_long_trains_too():
    table = SimulatedTable(
        spsp="published", tau_m=64, tau_s=8, refractory_steps=2, n_steps=60, grid=15
    )
    curve = solve_curve(table)
    surface = gap_surface(table, 15)
    np.testing.assert_allclose(surface[0], curve.phi[1:], rtol=1e-9)
    assert (surface[1:] < curve.counts[2:, None] * curve.phi[1:]).all(), "the ends crowd"


def test_on_slots_e_ij_is_the_product():
    table = SimulatedTable(
        spsp="corrected", tau_m=7, tau_s=3, refractory_steps=2, n_steps=20, grid=4
    )
    curve = ExactCurve(table, np.array([0.0, 1, 2, 4, 7]), np.ones(5))
    np.testing.assert_array_equal(expected_surface(curve)[1], [2, 4, 8, 14])


def test_a_simulation_lies_around_e_ij_and_not_around_the_product():
    # Short trains near jamming, where a product would be off by several standard errors.
    table = SimulatedTable(
        spsp="unblocked", tau_m=16, tau_s=4, refractory_steps=4, n_steps=40, grid=6
    )
    surface = simulate_surface(table, repeats=20000, seed=3)
    curve = solve_curve(table)

    def rms(expected):
        return np.sqrt(np.mean(((surface.mean - expected) / surface.standard_error) ** 2))

    assert rms(expected_surface(curve)) < 1.25
    assert rms(curve.counts[1:, None] * curve.phi[1:]) > 3


def test_how_far_from_linear_all_trains_alike_are_at_the_defaults():
    table = SimulatedTable(
        spsp="exact", tau_m=64, tau_s=8, refractory_steps=2, n_steps=400, grid=100
    )
    curve = solve_curve(table)
    # The number that docs/algorithm.md, section 9, quotes.
    assert nonlinearity(expected_surface(curve), curve) == pytest.approx(2.08e-3, abs=5e-6)
