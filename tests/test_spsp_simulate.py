"""The simulations of e_ij against the step-by-step reference, and the study's own numbers."""

from functools import partial

import numba
import numpy as np
import pytest
from simulated_surface import COUNTS, surface_of

from strsbp.errors import SettingsError
from strsbp.reference.spsp import corrected_trace, published_trace
from strsbp.settings import SimulatedTable
from strsbp.spsp.fits import fit_surface
from strsbp.spsp.quality import quality, shared_curve
from strsbp.spsp.sampling import POST, PRE, drawn_train
from strsbp.spsp.simulate import simulate_surface


def table(spsp="published", grid=6, **settings):
    defaults = dict(tau_m=64, tau_s=8, refractory_steps=2, n_steps=400)
    return SimulatedTable(spsp=spsp, grid=grid, **{**defaults, **settings})


def train_of(settings, side, o_j, o_i, repeat, seed):
    """The train that the simulation draws, as (T + 1,) bool."""
    train = drawn_train(settings, side, o_j, o_i, repeat, seed, on_slots=settings.on_slots)
    assert train.sum() == (o_j if side == PRE else o_i), "the sampler drew a time twice"
    return train


@pytest.mark.parametrize("spsp", ["published", "unblocked", "corrected", "corrected_draft"])
@pytest.mark.parametrize(
    "constants",
    [{}, {"tau_m": 20, "tau_s": 3, "n_steps": 61}, {"refractory_steps": 0, "n_steps": 90},
     {"refractory_steps": 5, "n_steps": 97}],
)  # fmt: skip
def test_surface_is_the_mean_of_the_reference(spsp, constants):
    settings, repeats, seed = table(spsp, **constants), 70, 11  # more than one group of lanes
    surface = simulate_surface(settings, repeats=repeats, seed=seed)
    oracle = published_trace
    if settings.on_slots:
        oracle = partial(corrected_trace, draft=spsp == "corrected_draft")
    for o_j, o_i in ((1, 1), (2, 6), (5, 3), (6, 6)):
        values = []
        for repeat in range(repeats):
            pre = train_of(settings, PRE, o_j, o_i, repeat, seed)
            post = train_of(settings, POST, o_j, o_i, repeat, seed)
            value, _, _ = oracle(pre, post, **settings.dynamics)
            values.append(0.0 if spsp == "published" and post[0] else value)
        cell = o_j - 1, o_i - 1
        assert surface.mean[cell] == pytest.approx(np.mean(values), rel=2e-5)
        error = np.std(values, ddof=1) / np.sqrt(repeats)
        assert surface.standard_error[cell] == pytest.approx(error, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(("spsp", "mean"), [("corrected", 0.1318), ("corrected_draft", 0.1209)])
def test_the_study_point_of_the_corrected_simulation(spsp, mean):
    # Study, Fig. 5: mean e = 0.1315 at (o_i, o_j) = (30, 12) over 100 repeats.
    surface = simulate_surface(table(spsp, grid=30), repeats=1600, seed=1)
    error = surface.standard_error[11, 29]
    assert error < 0.0005
    assert abs(surface.mean[11, 29] - mean) < 4 * error
    published = abs(surface.mean[11, 29] - 0.1315) < 3 * np.hypot(error, 4 * error)
    assert published == (spsp == "corrected")


def test_a_seed_gives_the_same_surface_on_any_number_of_threads():
    before = numba.get_num_threads()
    try:
        means = []
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            means.append(simulate_surface(table(grid=12), repeats=65, seed=4).mean)
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(*means)
    assert (simulate_surface(table(grid=12), repeats=65, seed=5).mean != means[0]).any()


def test_drawn_trains_are_uniform_and_keep_their_gap():
    settings = table(grid=20, n_steps=100)
    trains = np.array([train_of(settings, POST, 1, 20, r, 1) for r in range(2000)])
    for train in trains[:200]:
        assert np.diff(np.flatnonzero(train)).min() >= 3
    single = np.array([train_of(settings, PRE, 1, 1, r, 1) for r in range(20_000)]).mean(axis=0)
    # round(U * T): the two ends have half the weight of the others.
    expected = np.full(101, 0.01)
    expected[[0, 100]] /= 2
    assert np.abs((single - expected) / np.sqrt(expected / 20_000)).max() < 4.5


def test_corrected_trains_use_every_slot_alike():
    settings = table("corrected", grid=10, n_steps=40)
    share = np.array([train_of(settings, PRE, 10, 3, r, 2) for r in range(8000)]).mean(axis=0)
    slots = np.arange(2, 41, 2)
    assert share[slots].sum() == pytest.approx(10)
    assert np.abs(share[slots] - 0.5).max() < 4.5 * np.sqrt(0.25 / 8000)
    full = train_of(table("corrected", grid=20, n_steps=40), PRE, 20, 1, 0, 1)
    np.testing.assert_array_equal(np.flatnonzero(full), slots)


def test_impossible_trains_are_refused_at_once():
    with pytest.raises(SettingsError, match="`grid` is 100, but .* has room for 67 spikes"):
        simulate_surface(table(grid=100, n_steps=200), repeats=1, seed=1)
    with pytest.raises(SettingsError, match="room for 20 spikes"):
        simulate_surface(table("corrected", grid=21, n_steps=40), repeats=1, seed=1)
    with pytest.raises(SettingsError, match="repeats is 0; simulate at least one pair"):
        simulate_surface(table(grid=4), repeats=0, seed=1)


def test_jammed_trains_are_refused_in_bounded_time():
    # 34 spikes fit into 0 .. 100 only as 0, 3, 6, ...: rejection would go on for ever (F3).
    with pytest.raises(SettingsError, match="jam"):
        simulate_surface(table(grid=34, n_steps=100), repeats=1, seed=1)


@pytest.mark.parametrize(
    ("key", "words"),
    [("published-64", "is not the name of a table"), ("new-m64-s8-r2-t400-g100", "not 'new'")],
)
def test_an_invalid_name_of_a_table_is_refused_in_one_sentence(key, words):
    with pytest.raises(SettingsError, match=words):
        SimulatedTable.from_key(key)


def test_table_key_round_trip():
    key = table("corrected", tau_m=50.5).key
    assert key == "corrected-m50.5-s8-r2-t400-g6"
    assert SimulatedTable.from_key(key).key == key


def test_fit_recovers_a_polynomial():
    coefficients = np.array([-1e-6, 2e-4, -3e-3, 0.1, 0.2])
    surface = surface_of(np.polyval(coefficients, COUNTS), grid=20)
    fitted = fit_surface(surface)
    expected = np.arange(1, 21)[:, None] * coefficients
    np.testing.assert_allclose(fitted.coefficients, expected, rtol=1e-7, atol=1e-12)


def test_quality_of_known_fits():
    surface = surface_of(np.sin(np.pi * COUNTS / 20), grid=20)
    fitted = fit_surface(surface)
    rows = quality({20: surface}, {20: fitted}, "published")
    found = {(row["region"], row["quantity"]): row["value"] for row in rows}
    o_j, o_i = np.meshgrid(np.arange(1, 21), np.arange(1, 21), indexing="ij")
    error = fitted.derivative(o_j, o_i) - o_j * np.cos(np.pi * o_i / 20) * np.pi / 20
    measured = found["fitted", "derivative_rms_error"]
    assert measured == pytest.approx(np.sqrt(np.mean(error**2)), rel=0.1)
    assert found["grid", "r2_in_o_j"] == pytest.approx(1.0)
    assert found["grid", "r2_in_o_i"] < 0.97
    assert found["grid", "second_singular_share"] < 1e-10


def test_shared_curve_weighs_the_rows():
    phi, error = shared_curve(surface_of(COUNTS + 3, grid=20, error=1e-3))
    np.testing.assert_allclose(phi, np.arange(1, 21) + 3.0)
    assert error == pytest.approx(1e-3 / np.sqrt(np.sum(np.arange(1, 21.0) ** 2)))
