"""The expectation of e_ij beside simulations."""

import numpy as np
import pytest
from simulated_surface import SHAPES, surface_of

from strsbp.study.experiments.expectation.summarise import deviations


def test_deviations_distinguish_chance_from_bias():
    phi, _ = SHAPES["saturating"]
    expected = np.arange(1, 31)[:, None] * phi[1:31]
    fair = deviations(surface_of(phi, noise=0.05), expected)
    assert 0.93 < fair["rms_deviation"] < 1.07 and 0.92 < fair["share_within_95"] < 0.98
    assert fair["largest_deviation"] < fair["largest_by_chance"] < 5
    biased = deviations(surface_of(1.02 * phi, noise=0.05), expected)
    assert biased["rms_deviation"] > 1.2 and biased["relative_rms"] == pytest.approx(0.02, abs=3e-3)
