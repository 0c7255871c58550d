"""Fits of e_ij with one interface, and the tables that hold them."""

import numpy as np
import pandas as pd
import pytest

from strsbp.errors import TableError
from strsbp.files import ResultsError
from strsbp.settings import ArmSettings, SimulatedTable, TableSettings
from strsbp.spsp import SeparableTable, fit_surface, read_table, write_separable
from strsbp.spsp.exact import ExactCurve
from strsbp.spsp.fits import FITS, exact, fit_curve
from strsbp.spsp.simulate import Surface
from strsbp.study.experiments.expectation.summarise import deviations
from strsbp.study.experiments.fits.summarise import fit_errors, summarise_fits

TABLE = SimulatedTable(
    spsp="published", tau_m=64, tau_s=8, refractory_steps=2, n_steps=100, grid=30
)
COUNTS = np.arange(101.0)
SHAPES = {
    "logarithmic": (2 * np.log1p(COUNTS / 4), 2 / (4 + COUNTS)),
    "saturating": (3 * -np.expm1(-COUNTS / 6), 0.5 * np.exp(-COUNTS / 6)),
    "polynomial3": (COUNTS - 0.03 * COUNTS**2 + 2e-4 * COUNTS**3,
                    1 - 0.06 * COUNTS + 6e-4 * COUNTS**2),
}  # fmt: skip


def surface_of(phi, noise=0.0, seed=0):
    """A surface o_j * phi(o_i) with noise of known size."""
    rng = np.random.default_rng(seed)
    o_j = np.arange(1, TABLE.grid + 1)[:, None]
    error = np.full((TABLE.grid, TABLE.grid), max(noise, 1e-6)) * np.sqrt(o_j)
    mean = o_j * phi[1 : TABLE.grid + 1] + noise * np.sqrt(o_j) * rng.normal(size=error.shape)
    return Surface(TABLE, 100, 1, mean, error)


@pytest.mark.parametrize("name", SHAPES)
def test_a_fit_of_the_right_shape_finds_value_and_derivative_everywhere(name):
    phi, slope = SHAPES[name]
    table = fit_curve(surface_of(phi), name, 101)
    o_j = np.array([[1], [7], [30]])
    np.testing.assert_allclose(table.value(o_j, np.arange(101)), o_j * phi, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        table.derivative(o_j, np.arange(101)), o_j * slope, rtol=1e-4, atol=1e-5
    )


def test_a_cubic_slope_is_found_where_it_stands():
    # A slope between o and o + 1 stands at o + 1/2; of a parabola it is exactly the tangent's.
    phi = COUNTS - 0.02 * COUNTS**2
    table = fit_curve(surface_of(phi), "derivative", 31)
    slope = 1 - 0.04 * np.arange(31)
    np.testing.assert_allclose(table.derivative(1, np.arange(31)), slope, atol=1e-4)
    np.testing.assert_allclose(table.value(1, np.arange(31)), phi[:31], atol=1e-3)


@pytest.mark.parametrize("name", [*FITS, "polynomial2", "polynomial8"])
def test_derivatives_are_those_of_the_values(name):
    table = fit_curve(surface_of(SHAPES["saturating"][0], noise=0.01), name, 61)
    at = np.arange(4, 60)
    central = (table.value(9, at + 1) - table.value(9, at - 1)) / 2
    scale = np.abs(table.derivative(9, at)).max()
    # Of a curve that bends, a difference over two counts is not the slope to the last digit.
    np.testing.assert_allclose(table.derivative(9, at), central, atol=0.04 * scale)


def test_the_polynomials_of_degree_4_are_the_published_fit():
    surface = surface_of(SHAPES["logarithmic"][0], noise=0.02)
    ours, published = fit_curve(surface, "polynomial4", 101), fit_surface(surface)
    o_j, o_i = np.meshgrid([1, 5, 30], np.arange(1, 60), indexing="ij")
    np.testing.assert_allclose(ours.value(o_j, o_i), published.value(o_j, o_i), rtol=1e-9)
    np.testing.assert_allclose(
        ours.derivative(o_j, o_i), published.derivative(o_j, o_i), rtol=1e-7, atol=1e-10
    )


def test_the_spline_and_the_expectation_go_straight_on():
    phi, slope = SHAPES["saturating"]
    curve = ExactCurve(TABLE, phi[:31], slope[:31])
    for table in (fit_curve(surface_of(phi), "spline", 101), exact(curve, 101)):
        np.testing.assert_allclose(np.diff(table.value(1, np.arange(30, 101)), n=2), 0, atol=1e-12)
        assert (table.derivative(1, np.arange(31, 101)) == table.derivative(1, 30)).all()


def test_an_unknown_fit_is_named():
    with pytest.raises(TableError, match="no fit 'guess'; choose one of polynomial"):
        fit_curve(surface_of(SHAPES["saturating"][0]), "guess", 101)


def test_settings_name_the_fit():
    assert TableSettings().fit_name == "polynomial4"
    assert TableSettings(degree=7).fit_name == "polynomial7"
    assert TableSettings(fit="spline").model_dump()["fit"] == "spline"
    assert TableSettings(spsp="exact").fit_name == "exact"


@pytest.mark.parametrize("name", ["polynomial6", "spline"])
def test_a_table_is_read_as_written(name, tmp_path):
    table = fit_curve(surface_of(SHAPES["logarithmic"][0], noise=0.01), name, 101)
    write_separable(table, tmp_path / "t.csv")
    read = read_table(tmp_path / "t.csv")
    o_j, o_i = np.meshgrid([1, 5, 30], np.arange(101), indexing="ij")
    np.testing.assert_allclose(read.value(o_j, o_i), table.value(o_j, o_i), rtol=1e-6)
    coefficients, basis = read.terms(400)
    np.testing.assert_allclose(
        coefficients[4] @ basis[:, :101], table.derivative(5, np.arange(101)), rtol=1e-6, atol=1e-9
    )
    assert basis.shape[1] == 401 and (basis[:, 101:] == basis[:, [100]]).all()
    assert read.content() == table.content() and read.largest() > 0


GOOD = "part,count,1\ninput,1,1\nvalue,0,0\nvalue,1,2\nderivative,0,1\nderivative,1,1\n"


def test_a_small_file_by_hand(tmp_path):
    (tmp_path / "t.csv").write_text(GOOD)
    table = read_table(tmp_path / "t.csv")
    assert (table.value(3, 1), table.derivative(1, 9), table.n_rows) == (2, 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("part,count", "part,number", "line 1"),
        ("value,1,2", "value,1,nan", "line 4: a value"),
        ("value,1,2", "value,1,two", "line 4: a value"),
        ("value,1,2", "value,2,2", "line 4: expected the count 1 of 'value'"),
        ("value,1,2", "value,1,2,3", "line 4"),
        ("value,1,2", "colour,1,2", "line 4: the part"),
        ("input,1,1\n", "", "no part 'input'"),
        ("derivative,1,1\n", "", "and its derivatives"),
        (GOOD, "", "not the CSV file"),
        ("value,0,0", 'value,0,"0', "not the CSV file"),
    ],
)
def test_a_malformed_file_ends_in_one_sentence(old, new, words, tmp_path):
    (tmp_path / "t.csv").write_text(GOOD.replace(old, new))
    with pytest.raises(TableError, match=words) as caught:
        read_table(tmp_path / "t.csv")
    assert "\n" not in str(caught.value)


def test_a_table_whose_shapes_do_not_fit_is_refused():
    with pytest.raises(TableError, match="inputs of a separable table have 2 terms"):
        SeparableTable(np.ones((3, 2)), np.ones((1, 4)), np.ones((1, 4)))
    with pytest.raises(TableError, match="more than 9"):
        SeparableTable(np.ones((3, 10)), np.ones((10, 4)), np.ones((10, 4)))


def test_deviations_tell_chance_from_bias():
    phi, _ = SHAPES["saturating"]
    expected = np.arange(1, 31)[:, None] * phi[1:31]
    fair = deviations(surface_of(phi, noise=0.05), expected)
    assert 0.93 < fair["rms_deviation"] < 1.07 and 0.92 < fair["share_within_95"] < 0.98
    assert fair["largest_deviation"] < fair["largest_by_chance"] < 5
    biased = deviations(surface_of(1.02 * phi, noise=0.05), expected)
    assert biased["rms_deviation"] > 1.2 and biased["relative_rms"] == pytest.approx(0.02, abs=3e-3)


def test_errors_of_fits_are_relative_to_the_expectation():
    phi, slope = SHAPES["saturating"]
    curve = ExactCurve(TABLE.model_copy(update=dict(grid=60)), phi[:61], slope[:61])
    surface = surface_of(1.1 * phi)
    good, bad = (fit_errors(name, [surface], curve) for name in ("saturating", "polynomial2"))
    assert good["value_inside_30"] == pytest.approx(0.1, rel=1e-3)
    assert good["derivative_outside_30"] == pytest.approx(0.1, rel=1e-3)
    assert bad["value_outside_30"] > 10 * bad["value_inside_30"]
    exactly = fit_errors("exact", [surface], curve)
    assert all(value < 1e-12 for value in exactly.values())


def run_file(path, errors, smallest, diverged=""):
    """Metrics of a run, an epoch for each error; the output layer's |s_i| does not count."""
    path.parent.mkdir(exist_ok=True)
    rows = [
        "epoch,test_error,smallest_denominator_feedforward1,smallest_denominator_output2,diverged"
    ]
    for epoch, error in enumerate(errors, start=1):
        rows.append(f"{epoch},{error},{smallest},0.001,{diverged if epoch == len(errors) else ''}")
    path.write_text("\n".join(rows) + "\n")
    return path


def test_fits_are_ranked_by_the_best_error_of_the_first_epochs(tmp_path):
    arms = {
        "published": ArmSettings(title="Published"),
        "spline": ArmSettings(title="Spline", table=dict(fit="spline")),
        "exact": ArmSettings(title="All", table=dict(spsp="exact")),
    }
    errors = {
        "published": [[0.3, 0.2, 0.01], [0.3, 0.22, 0.01]],  # the third epoch does not count
        "spline": [[0.1, 0.15, 0.2], [0.13, 0.2, 0.2]],
        "exact": [[0.4, 0.5], [0.5, 0.4]],
    }
    metrics = {
        name: [run_file(tmp_path / name / f"seed{k}.csv", found, smallest)
               for k, found in enumerate(runs)]
        for (name, runs), smallest in zip(errors.items(), (0.5, 0.2, 0.1), strict=True)
    }  # fmt: skip
    phi, slope = SHAPES["saturating"]
    curve = ExactCurve(TABLE.model_copy(update=dict(grid=60)), phi[:61], slope[:61])
    summarise_fits(
        arms, metrics, [surface_of(phi, noise=0.01)], curve, epochs=2, out=tmp_path / "fits.csv"
    )
    frame = pd.read_csv(tmp_path / "fits.csv").set_index("arm")
    assert list(frame.index) == ["spline", "published", "exact"]
    assert list(frame["rank"]) == [1, 2, 3] and set(frame["n_seeds"]) == {2}
    assert frame.loc["spline", "mean"] == pytest.approx(0.115)
    assert frame.loc["spline", "difference"] == pytest.approx(-0.095)
    assert frame.loc["published", "difference"] == 0
    assert list(frame["smallest_denominator"]) == [0.2, 0.5, 0.1]
    assert frame.loc["spline", "fit"] == "spline" and frame["value_inside_30"]["spline"] < 0.02
    assert np.isnan(frame["value_inside_30"]["exact"]), "it was fitted to nothing"


def test_a_run_without_an_epoch_is_named(tmp_path):
    arms = {"published": ArmSettings(title="Published")}
    empty = run_file(tmp_path / "a" / "seed1.csv", [], 1)
    with pytest.raises(ResultsError, match="seed1.csv holds no epoch"):
        summarise_fits(arms, {"published": [empty]}, [], None, epochs=2, out=tmp_path / "fits.csv")
