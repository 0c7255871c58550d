"""The curve of the expectation of e_ij; tests/test_spsp_expectation.py has its values."""

import numpy as np
import pytest

from strsbp.settings import SimulatedTable
from strsbp.spsp.exact import read_curve, solve_curve, solve_spsp


def small(spsp, **changes):
    return SimulatedTable(
        spsp=spsp, **dict(tau_m=7, tau_s=3, refractory_steps=2, n_steps=12, grid=3) | changes
    )


@pytest.mark.parametrize("spsp", ["published", "unblocked", "corrected", "exact"])
def test_the_derivative_is_that_of_the_curve_at_the_same_count(spsp):
    curve = solve_curve(small(spsp, n_steps=60, grid=10))
    inside = slice(2, -2)  # central differences of fourth order
    phi = curve.phi
    wanted = (8 * (phi[3:-1] - phi[1:-3]) - (phi[4:] - phi[:-4])) / 12
    np.testing.assert_allclose(curve.derivative[inside], wanted, rtol=0.01, atol=1e-3 * phi.max())


def test_a_curve_is_read_as_written(tmp_path):
    table = small("exact")
    curve = solve_curve(table)
    solve_spsp(table=table.key, curve=tmp_path / "curve.csv")
    read = read_curve(table, tmp_path / "curve.csv")
    np.testing.assert_allclose(read.phi, curve.phi, rtol=1e-14)
    np.testing.assert_allclose(read.derivative, curve.derivative, rtol=1e-14)
