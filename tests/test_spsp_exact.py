"""The expectation of e_ij: against all trains one by one, and a formula for every count."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy.special import binom, digamma, gammaln

from strsbp.errors import TableError
from strsbp.settings import SimulatedTable
from strsbp.spsp.adsorption import sequential_trains
from strsbp.spsp.curves import read_curve, write_curve
from strsbp.spsp.exact import pair_gains, solve_curve, spline_slopes, uniform_means
from strsbp.spsp.reference import corrected_trace, published_trace
from strsbp.spsp.simulate import simulate_surface
from strsbp.spsp.slots import slot_slopes


def small(spsp, n_steps=12, grid=3, refractory_steps=2):
    return SimulatedTable(
        spsp=spsp, tau_m=7, tau_s=3, refractory_steps=refractory_steps, n_steps=n_steps, grid=grid
    )


def expected_by_hand(table, trains):
    """Mean e_ij over `trains` of i and over the single input spike of `table`, step by step."""
    run = corrected_trace if table.spsp == "corrected" else published_trace
    n = table.n_steps + 1
    constants = dict(
        tau_m=table.tau_m, tau_s=table.tau_s, refractory_steps=table.refractory_steps
    )  # fmt: skip
    if table.spsp == "corrected":
        places = np.arange(1, table.n_steps // table.refractory_steps + 1) * table.refractory_steps
    else:
        places = np.arange(1, table.n_steps)
    total = 0.0
    for train in trains:
        post = np.isin(np.arange(n), train)
        for place in places:
            total += run(np.arange(n) == place, post, **constants)[0]
    return total / len(trains) / len(places)


@pytest.mark.parametrize("refractory_steps", [1, 2, 3])
@pytest.mark.parametrize("spsp", ["exact", "corrected"])
def test_the_mean_over_all_trains_step_by_step(spsp, refractory_steps):
    table = small(spsp, refractory_steps=refractory_steps)
    if spsp == "corrected":
        places = np.arange(1, 12 // refractory_steps + 1) * refractory_steps
        gap = 1
    else:
        places, gap = np.arange(1, 12), refractory_steps + 1
    curve = solve_curve(table)
    for count in range(1, curve.counts[-1] + 1):
        trains = [
            train for train in combinations(places, count)
            if all(b - a >= gap for a, b in pairwise(train))
        ]  # fmt: skip
        assert curve.phi[count] == pytest.approx(expected_by_hand(table, trains), rel=1e-12)
    assert curve.phi[0] == 0


def test_two_spikes_by_hand():
    # One place for the input, gains of 1 for the first spike and 10 for the second.
    gains = np.ones((5, 4))
    gains[1:] = 10
    means = uniform_means(gains, np.array([1, 2, 3]), 2, 2)
    np.testing.assert_allclose(means, [0, 1, 11])


@pytest.mark.parametrize("spsp", ["published", "unblocked"])
def test_an_input_spike_is_half_as_likely_at_either_end(spsp):
    table = small(spsp, n_steps=4, grid=2)
    first = pair_gains(table)[0]
    # An eighth of a spike at 0, a quarter at 1, each seen one step later through 1 / tau_s.
    np.testing.assert_allclose(first[:2], [0, 1 / 8 / 3], rtol=1e-12)
    current = 1 / 8 * (1 - 1 / 3) + 1 / 4
    np.testing.assert_allclose(first[2], first[1] * (1 - 1 / 7) + current / 3, rtol=1e-12)


def test_the_derivative_equals_that_of_the_formula_on_slots():
    table = SimulatedTable(
        spsp="corrected", tau_m=64, tau_s=8, refractory_steps=2, n_steps=400, grid=100
    )
    curve = solve_curve(table)
    n, slots = 200, np.arange(1, 201) * 2
    gains = pair_gains(table)
    first, pairs = gains[0, slots], gains[slots[:, None] + 1, slots]
    a, b = np.triu_indices(n, 1)

    def binomial(top, bottom):
        """The binomial coefficient for real `bottom`, and its derivative in that."""
        value = np.exp(gammaln(top + 1) - gammaln(bottom + 1) - gammaln(top - bottom + 1))
        return value, value * (digamma(top - bottom + 1) - digamma(bottom + 1))

    for count in (10, 20, 30, 60, 90):
        total = slope = 0.0
        # Trains with a given first spike, and with given neighbours.
        for top, bottom, worth in (
            (n - 1 - np.arange(n), count - 1, first), (n - (b - a + 1), count - 2, pairs[a, b]),
        ):  # fmt: skip
            possible = top >= bottom
            value, change = binomial(top[possible], bottom)
            total += (worth[possible] * value).sum()
            slope += (worth[possible] * change).sum()
        all_trains, change = binomial(n, count)
        assert curve.phi[count] == pytest.approx(total / all_trains, rel=1e-9)
        expected = slope / all_trains - total * change / all_trains**2
        assert curve.derivative[count] == pytest.approx(expected, rel=1e-9)
    # What the spline that stands in elsewhere is off by, as `strsbp.spsp.exact` says.
    off = np.abs(spline_slopes(curve.phi) / curve.derivative - 1)
    np.testing.assert_allclose(off[[0, 1, 2, 10]], [5.6e-3, 9.7e-4, 3.9e-4, 1.9e-6], rtol=0.05)
    assert off[10:].max() == off[10]


def test_slopes_on_slots_are_those_between_whole_counts():
    rng = np.random.default_rng(4)
    n = 9
    first, after = rng.random(n), np.triu(rng.random((n, n)), 1)

    def phi(o):
        """The formula, at any real count."""
        total = sum(first[a] * binom(n - 1 - a, o - 1) for a in range(n))
        for a, b in combinations(range(n), 2):
            total += after[a, b] * binom(n - 1 - (b - a), o - 2)
        return total / binom(n, o)

    step = 1e-5
    central = [(phi(o + step) - phi(o - step)) / (2 * step) for o in range(n + 1)]
    np.testing.assert_allclose(slot_slopes(first, after, n), central, atol=1e-8)
    # One place: o spikes are worth o times its gain.
    np.testing.assert_allclose(slot_slopes(np.array([3.0]), np.zeros((1, 1)), 0), [3], rtol=1e-12)


@pytest.mark.parametrize("spsp", ["published", "unblocked", "exact"])
def test_other_slopes_are_those_of_the_spline(spsp):
    curve = solve_curve(small(spsp, n_steps=20, grid=5))
    np.testing.assert_array_equal(curve.derivative, spline_slopes(curve.phi))


@pytest.mark.parametrize("spsp", ["published", "unblocked"])
def test_trains_drawn_one_after_the_other_equal_their_simulation(spsp):
    table = small(spsp, n_steps=40, grid=6)
    surface = simulate_surface(table, repeats=6000, seed=2)
    curve = solve_curve(table)
    deviation = (surface.mean[0] - curve.phi[1:]) / surface.standard_error[0]
    assert np.abs(deviation).max() < 4
    other = solve_curve(small("unblocked" if spsp == "published" else "published", 40, 6))
    assert np.abs(surface.mean[0] - other.phi[1:]).max() > 4 * surface.standard_error[0].max()


def test_published_trains_are_those_without_a_spike_at_0():
    table = small("published", n_steps=30, grid=4)
    share, _ = sequential_trains(30, 3, 4)
    without, _ = sequential_trains(30, 3, 4, first_place=1)
    assert (without[1:] < share[1:]).all()
    blocked, free = solve_curve(table), solve_curve(small("unblocked", n_steps=30, grid=4))
    assert (blocked.phi[2:] < free.phi[2:]).all()


def test_past_the_last_count_a_straight_line_follows():
    curve = solve_curve(small("exact", n_steps=40, grid=5))
    phi, derivative = curve.extended(9)
    np.testing.assert_allclose(np.diff(phi[5:]), curve.derivative[-1])
    assert (derivative[5:] == curve.derivative[-1]).all() and phi.size == derivative.size == 9
    assert curve.extended(3)[0].size == 3


def test_a_curve_is_read_as_written(tmp_path):
    curve = solve_curve(small("exact"))
    path = tmp_path / "curve.csv"
    write_curve(curve, path)
    read = read_curve(curve.table, path)
    np.testing.assert_allclose(read.phi, curve.phi, rtol=1e-14)
    np.testing.assert_allclose(read.derivative, curve.derivative, rtol=1e-14)


@pytest.mark.parametrize("text", ["", "o_i,phi\n0,1\n", "o_i,phi,derivative\n1,1,1\n2,1,1\n",
                                  "o_i,phi,derivative\n0,x,1\n1,1,1\n"])  # fmt: skip
def test_a_file_without_a_curve_is_refused(text, tmp_path):
    (tmp_path / "curve.csv").write_text(text)
    with pytest.raises(TableError, match="curve.csv"):
        read_curve(small("exact"), tmp_path / "curve.csv")
