"""The expectation of e_ij, against all trains one by one."""

from functools import partial
from itertools import combinations, pairwise

import numpy as np
import pytest

from strsbp.settings import SimulatedTable
from strsbp.spsp.exact import pair_gains, read_curve, solve_curve, write_curve
from strsbp.spsp.reference import corrected_trace, published_trace
from strsbp.spsp.simulate import simulate_surface


def small(spsp, n_steps=12, grid=3, refractory_steps=2):
    return SimulatedTable(
        spsp=spsp, tau_m=7, tau_s=3, refractory_steps=refractory_steps, n_steps=n_steps, grid=grid
    )


def expected_by_hand(table, trains):
    """Mean e_ij over `trains` of i and over the single input spike of `table`, step by step."""
    run = published_trace
    if table.on_slots:
        run = partial(corrected_trace, draft=table.spsp == "corrected_draft")
    n = table.n_steps + 1
    constants = dict(
        tau_m=table.tau_m, tau_s=table.tau_s, refractory_steps=table.refractory_steps
    )  # fmt: skip
    if table.on_slots:
        spacing = max(table.refractory_steps, 1)
        places = np.arange(spacing, table.n_steps + 1, spacing)
    else:
        places = np.arange(1, table.n_steps)
    total = 0.0
    for train in trains:
        post = np.isin(np.arange(n), train)
        for place in places:
            total += run(np.arange(n) == place, post, **constants)[0]
    return total / len(trains) / len(places)


@pytest.mark.parametrize("spsp", ["published", "unblocked", "corrected", "exact"])
def test_the_derivative_is_that_of_the_curve_at_the_same_count(spsp):
    curve = solve_curve(small(spsp, n_steps=60, grid=10))
    inside = slice(2, -2)  # central differences of fourth order
    phi = curve.phi
    wanted = (8 * (phi[3:-1] - phi[1:-3]) - (phi[4:] - phi[:-4])) / 12
    np.testing.assert_allclose(curve.derivative[inside], wanted, rtol=0.01, atol=1e-3 * phi.max())


@pytest.mark.parametrize("refractory_steps", [0, 1, 2, 3])
@pytest.mark.parametrize("spsp", ["exact", "corrected", "corrected_draft"])
def test_the_mean_over_all_trains_step_by_step(spsp, refractory_steps):
    table = small(spsp, refractory_steps=refractory_steps, n_steps=13 if refractory_steps else 8)
    if table.on_slots:
        spacing = max(refractory_steps, 1)
        places, gap = np.arange(spacing, table.n_steps + 1, spacing), 1
    else:
        places, gap = np.arange(1, table.n_steps), refractory_steps + 1
    curve = solve_curve(table)
    for count in range(1, curve.counts[-1] + 1):
        trains = [
            train for train in combinations(places, count)
            if all(b - a >= gap for a, b in pairwise(train))
        ]  # fmt: skip
        assert curve.phi[count] == pytest.approx(expected_by_hand(table, trains), rel=1e-12)
    assert curve.phi[0] == 0


@pytest.mark.parametrize("spsp", ["published", "unblocked"])
def test_trains_drawn_one_after_the_other_equal_their_simulation(spsp):
    table = small(spsp, n_steps=40, grid=6)
    surface = simulate_surface(table, repeats=6000, seed=2)
    curve = solve_curve(table)
    deviation = (surface.mean[0] - curve.phi[1:]) / surface.standard_error[0]
    assert np.abs(deviation).max() < 4
    other = solve_curve(small("unblocked" if spsp == "published" else "published", 40, 6))
    assert np.abs(surface.mean[0] - other.phi[1:]).max() > 4 * surface.standard_error[0].max()


def test_a_curve_is_read_as_written(tmp_path):
    curve = solve_curve(small("exact"))
    path = tmp_path / "curve.csv"
    write_curve(curve, path)
    read = read_curve(curve.table, path)
    np.testing.assert_allclose(read.phi, curve.phi, rtol=1e-14)
    np.testing.assert_allclose(read.derivative, curve.derivative, rtol=1e-14)


@pytest.mark.parametrize("spsp", ["published", "unblocked"])
def test_an_input_spike_is_half_as_likely_at_either_end(spsp):
    table = small(spsp, n_steps=4, grid=2)
    first = pair_gains(table)[0]
    # An eighth of a spike at 0, a quarter at 1, each seen one step later through 1 / tau_s.
    np.testing.assert_allclose(first[:2], [0, 1 / 8 / 3], rtol=1e-12)
    current = 1 / 8 * (1 - 1 / 3) + 1 / 4
    np.testing.assert_allclose(first[2], first[1] * (1 - 1 / 7) + current / 3, rtol=1e-12)
