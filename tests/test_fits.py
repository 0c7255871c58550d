"""The ranking of fits of e_ij."""

import numpy as np
import pandas as pd
import pytest
from simulated_surface import SHAPES, TABLE, surface_of

from strsbp.files import ResultsError
from strsbp.settings import ArmSettings
from strsbp.spsp.curves import write_curve
from strsbp.spsp.exact import ExactCurve
from strsbp.spsp.simulate import save_surface
from strsbp.study.experiments.fits.summarise import fit_errors, summarise_fits


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
    """Metrics of a run with one epoch per error; the output layer's |s_i| does not count."""
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
    metrics = [
        run_file(tmp_path / name / f"seed{k}.csv", found, smallest)
        for (name, runs), smallest in zip(errors.items(), (0.5, 0.2, 0.1), strict=True)
        for k, found in enumerate(runs)
    ]
    phi, slope = SHAPES["saturating"]
    curve = ExactCurve(TABLE.model_copy(update=dict(grid=60)), phi[:61], slope[:61])
    surface, file = tmp_path / "surface.npz", tmp_path / f"{curve.table.key}.csv"
    save_surface(surface_of(phi, noise=0.01), surface)
    write_curve(curve, file)
    summarise_fits(arms, metrics, [surface], file, epochs=2, out=tmp_path / "fits.csv")
    frame = pd.read_csv(tmp_path / "fits.csv").set_index("arm")
    assert list(frame.index) == ["spline", "published", "exact"]
    assert list(frame["rank"]) == [1, 2, 3] and set(frame["n_seeds"]) == {2}
    assert frame.loc["spline", "mean"] == pytest.approx(0.115)
    assert frame.loc["spline", "difference"] == pytest.approx(-0.095)
    assert frame.loc["published", "difference"] == 0
    p_values = frame["difference_p_value"].drop("published")
    assert p_values.between(0, 0.1).all()
    # Of two equal p, both count twice.
    assert list(frame["difference_p_adjusted"].dropna()) == pytest.approx(list(2 * p_values))
    assert np.isnan(frame.loc["published", "difference_p_adjusted"])
    assert list(frame["smallest_denominator"]) == [0.2, 0.5, 0.1]
    assert frame.loc["spline", "fit"] == "spline" and frame["value_inside_30"]["spline"] < 0.02
    assert np.isnan(frame["value_inside_30"]["exact"]), "it was fitted to nothing"


def test_a_run_without_an_epoch_is_named(tmp_path):
    arms = {"published": ArmSettings(title="Published")}
    empty = run_file(tmp_path / "published" / "seed1.csv", [], 1)
    with pytest.raises(ResultsError, match="seed1.csv holds no epoch"):
        summarise_fits(arms, [empty], [], "", epochs=2, out=tmp_path / "fits.csv")
