"""Fits of e_ij with one interface, and the tables that hold them."""

import numpy as np
import pytest
from refusals import refusal
from simulated_surface import COUNTS, SHAPES, TABLE, surface_of

from strsbp.errors import TableError
from strsbp.spsp.exact import ExactCurve
from strsbp.spsp.fits import exact, fit_curve, fit_surface
from strsbp.spsp.table import read_table, write_table


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


@pytest.mark.parametrize("name", ["polynomial6", "spline"])
def test_a_table_is_read_as_written(name, tmp_path):
    table = fit_curve(surface_of(SHAPES["logarithmic"][0], noise=0.01), name, 101)
    write_table(table, tmp_path / "t.csv")
    read = read_table(tmp_path / "t.csv")
    o_j, o_i = np.meshgrid([1, 5, 30], np.arange(101), indexing="ij")
    np.testing.assert_allclose(read.value(o_j, o_i), table.value(o_j, o_i), rtol=1e-6)
    coefficients, basis = read.terms(400)
    np.testing.assert_allclose(
        coefficients[4] @ basis[:, :101], table.derivative(5, np.arange(101)), rtol=1e-6, atol=1e-9
    )
    assert basis.shape[1] == 401 and (basis[:, 101:] == basis[:, [100]]).all()
    assert read.content() == table.content()


GOOD = "part,count,1\ninput,1,1\nvalue,0,0\nvalue,1,2\nderivative,0,1\nderivative,1,1\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("part,count", "part,number", "the first columns must be part and count"),
        ("value,1,2", "value,1,nan", "values of a separable table are not all finite"),
        ("value,1,2", "value,1,two", "could not convert string to float"),
        ("value,1,2", "value,2,2", "the counts of 'value' must be 0, 1"),
        ("value,1,2", "value,1,2,3", "columns changed from 3 to 4"),
        ("value,1,2", "colour,1,2", "but its values have shape (1, 1)"),
        ("input,1,1\n", "", "inputs of a separable table have shape (0, 1)"),
        ("derivative,1,1\n", "", "and its derivatives"),
        (GOOD, "", "contained no data"),
    ],
)
def test_a_malformed_file_ends_in_one_sentence(old, new, words, tmp_path):
    (tmp_path / "t.csv").write_text(GOOD.replace(old, new))
    said = refusal(lambda: read_table(tmp_path / "t.csv"), TableError)
    assert words in said and "t.csv is not a table" in said
