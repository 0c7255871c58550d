"""Densities of spikes and e_ij at both counts: against all pairs of trains, step by step."""

from functools import partial
from itertools import combinations, pairwise, product

import numpy as np
import pytest

from strsbp.reference.spsp import corrected_trace, published_trace
from strsbp.settings import ModelSettings, SimulatedTable
from strsbp.spsp.density import sequential_densities, uniform_densities
from strsbp.spsp.exact import solve_curve
from strsbp.spsp.expectation import expected_surface
from strsbp.spsp.sampling import POST, drawn_train


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


def uniform_trains(places, gap, most):
    """The same for trains at `places`, at least `gap` apart, of which all are as likely."""
    found = []
    for k in range(most + 1):
        sets = [
            train for train in combinations(places, k)
            if all(b - a >= gap for a, b in pairwise(train))
        ]  # fmt: skip
        found.append(dict.fromkeys(sets, 1 / len(sets)))
    return found


def trains_of(table):
    """The chance of every train of the simulation of `table`."""
    gap = table.refractory_steps + 1
    if table.on_slots:
        spacing = max(table.refractory_steps, 1)
        return uniform_trains(range(spacing, table.n_steps + 1, spacing), 1, table.grid)
    if table.spsp == "exact":
        return uniform_trains(range(1, table.n_steps), gap, table.grid)
    return drawn_trains(table.n_steps, gap, table.grid)


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


def test_drawn_trains_have_the_exact_share_of_spikes_at_0():
    n_steps, gap, count, repeats = 60, 3, 14, 4000
    model = ModelSettings(n_steps=n_steps, refractory_steps=gap - 1)
    hits = 0
    for repeat in range(repeats):
        train = drawn_train(model, POST, 1, count, repeat, 1, on_slots=False)
        assert train.sum() == count
        hits += train[0]
    share = sequential_densities(n_steps, gap, count, 0.9).drawn[count, 0]
    assert abs(hits / repeats - share) < 4 * np.sqrt(share * (1 - share) / repeats)
    assert share > 1.3 * count / (2 * n_steps), "the ends fill more than the middle"


@pytest.mark.parametrize("gap", [1, 2, 3])
def test_uniform_densities_equal_those_of_all_sets(gap):
    expected = densities_of(uniform_trains(range(1, 13), gap, 4), 13, 0.9)
    np.testing.assert_allclose(uniform_densities(13, gap, 4, 0.9), expected, rtol=1e-12)


def by_hand(table):
    """e(o_j, o_i) over all pairs of trains, step by step; [o_j - 1, o_i - 1]."""
    trace, trains, steps = published_trace, trains_of(table), np.arange(table.n_steps + 1)
    if table.on_slots:
        trace = partial(corrected_trace, draft=table.spsp == "corrected_draft")
    surface = np.zeros((table.grid, table.grid))
    for o_j, o_i in np.ndindex(surface.shape):
        for pre, chance in trains[o_j + 1].items():
            for post, other in trains[o_i + 1].items():
                if table.spsp == "published" and 0 in post:
                    continue
                pair = np.isin(steps, pre), np.isin(steps, post)
                e, _, _ = trace(*pair, **table.dynamics)
                surface[o_j, o_i] += chance * other * e
        surface[o_j, o_i] /= sum(trains[o_j + 1].values()) * sum(trains[o_i + 1].values())
    return surface


@pytest.mark.parametrize(
    ("spsp", "refractory_steps", "error"),
    [
        *product(("published", "unblocked"), (0, 2), [2e-7]),
        *product(["exact"], (0, 2), [1e-12]),
        *product(("corrected", "corrected_draft"), (0, 1, 2, 3), [1e-12]),
    ],
)
def test_e_ij_equals_that_of_all_pairs_of_trains(spsp, refractory_steps, error):
    table = SimulatedTable(
        spsp=spsp, tau_m=7, tau_s=3, refractory_steps=refractory_steps, n_steps=9, grid=3
    )
    curve = solve_curve(table)
    found = expected_surface(table, curve.counts[-1])
    np.testing.assert_allclose(found, by_hand(table), rtol=error)
    np.testing.assert_allclose(found[0], curve.phi[1:], rtol=error)
    assert curve.phi[0] == 0
    linear = curve.counts[1:, None] * curve.phi[1:]
    if refractory_steps and not table.on_slots:
        assert np.abs(found / linear - 1).max() > 1e-3, "else this shows nothing beyond phi"
