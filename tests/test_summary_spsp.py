"""Summaries of surfaces and fits: values computed elsewhere are in the right rows."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulated_surface import COUNTS, SHAPES, surface_of

from strsbp.spsp.fits import fit_surface
from strsbp.spsp.quality import blocked_bias, shared_curve, wave_rows, waves
from strsbp.spsp.simulate import save_surface
from strsbp.spsp.table import EffectRatioTable, write_table
from strsbp.study.summary.spsp import summarise_spsp

SCALES = {"published": 50.0, "unblocked": 51.0, "corrected": 1.0}


def phi(o_i):
    return 0.01 * (1 - np.exp(-np.asarray(o_i) / 5))


def write_tables(folder, cells):
    """Noiseless surfaces o_j phi(o_i) of several scales, and their fits."""
    surfaces, fits = [], []
    for spsp, grid in cells:
        surface = surface_of(SCALES[spsp] * phi(COUNTS), spsp=spsp, grid=grid, n_steps=400)
        surfaces.append(folder / f"{surface.table.key}.npz")
        fits.append(folder / f"{surface.table.key}.txt")
        save_surface(surface, surfaces[-1])
        write_table(fit_surface(surface), fits[-1])
    return surfaces, fits


CELLS = [*product(("corrected", "published"), (10, 20)), ("unblocked", 10)]


def summarise(folder, surfaces, fits, **keywords):
    names = dict(surfaces_csv="surfaces.csv", quality_csv="quality.csv")
    paths = {name: folder / file for name, file in names.items()}
    trace = folder / "trace.csv"
    trace.write_text("listing,current,membrane\n1,4,3\n1,2,9\n2,0.5,0.1\n2,0.1,0.3\n")
    summarise_spsp(surfaces, fits, trace, **paths, **keywords)
    return [pd.read_csv(path) for path in paths.values()]


def test_surfaces_hold_simulation_inside_and_fit_outside(tmp_path):
    rows = summarise(tmp_path, *write_tables(tmp_path, CELLS))[0]
    assert set(rows["spsp"]) == {"published", "corrected"}
    cell = rows.query("spsp == 'published' and grid == 10 and o_j == 3")
    assert cell["o_i"].tolist() == list(range(1, 15))
    inside, outside = cell[cell["o_i"] <= 10], cell[cell["o_i"] > 10]
    assert inside["mean"].to_numpy() == pytest.approx(150 * phi(inside["o_i"]), rel=1e-4)
    middle = inside[inside["o_i"].between(3, 8)]  # at its ends the spline has no curvature
    slope = 150 * 0.01 * np.exp(-middle["o_i"] / 5) / 5
    assert middle["derivative"].to_numpy() == pytest.approx(slope.to_numpy(), rel=0.02)
    assert outside["mean"].isna().all() and outside["derivative"].isna().all()
    assert outside["fit"].notna().all() and outside["fit_derivative"].notna().all()
    assert rows.query("grid == 20")["o_i"].max() == 24


def test_quality_holds_scale_and_bias(tmp_path):
    rows = summarise(tmp_path, *write_tables(tmp_path, CELLS))[1]
    of_grids = rows.dropna(subset="grid").set_index(["spsp", "grid", "region", "quantity"])
    values = of_grids["value"].sort_index()
    scale = values["published over corrected", 20, "fitted", "scale_ratio"]
    assert scale == pytest.approx(50, rel=1e-4)
    assert values["published over corrected", 10, "fitted", "value_rms_after_scaling"] < 1e-5
    pair = rows[rows["region"] == "traced pair"].set_index("quantity")["value"]
    assert pair.to_dict() == pytest.approx({"current_ratio": 4 / 0.5, "membrane_ratio": 9 / 0.3})
    bias = values["published over unblocked", 10, "o_i = 10"]
    assert bias["blocked_bias_measured"] == pytest.approx(50 / 51 - 1, rel=1e-3)
    assert bias["blocked_bias_expected"] == pytest.approx(-10 / 800)
    shape = rows.query("spsp == 'published' and quantity == 'r2_in_o_j'")
    assert shape["value"].to_numpy() == pytest.approx(1.0)
    outside = rows.query("region == 'extrapolated' and quantity == 'value_relative_rms_error'")
    assert outside["grid"].tolist() == [10, 10]


def test_waves_are_what_oscillates_beyond_the_noise():
    def size_over_noise(surface):
        rows = wave_rows(fit_surface(surface), surface)
        rows = {(row["region"], row["quantity"]): row["value"] for row in rows}
        return rows["fitted", "wave_size"] / rows["fitted", "wave_noise"]

    # A steep start makes a polynomial of degree 4 wave; a cubic it can follow, and noise is none.
    assert size_over_noise(surface_of(1 - np.exp(-COUNTS / 2), noise=0.002, grid=40)) > 10
    cubic = surface_of(SHAPES["polynomial3"][0], noise=0.002, grid=40)
    assert size_over_noise(cubic) < 2
    # Nor is a wrong scale a wave, however large it is.
    assert not waves(EffectRatioTable(2 * fit_surface(cubic).coefficients), cubic).any()


def test_the_interval_of_the_bias_is_that_of_a_quotient():
    mean = surface_of(phi(COUNTS), grid=10).mean
    surfaces = [surface_of(phi(COUNTS), grid=10, error=share * mean) for share in (0.01, 0.02)]
    bias = blocked_bias(*surfaces)
    # Relative errors add in quadrature; 95 % of a normal distribution lie within 1.96 of them.
    relative = [shared_curve(surface)[1] / shared_curve(surface)[0] for surface in surfaces]
    spread = stats.norm.ppf(0.975) * np.hypot(*relative)[-1]
    assert bias["high"] - bias["measured"] == pytest.approx(spread, rel=1e-3)
    assert bias["measured"] - bias["low"] == pytest.approx(spread, rel=1e-3)
