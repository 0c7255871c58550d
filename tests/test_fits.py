"""The ranking of fits of e_ij."""

import pytest
from simulated_surface import SHAPES, TABLE, surface_of

from strsbp.spsp.exact import ExactCurve
from strsbp.study.experiments.fits.summarise import fit_errors


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
