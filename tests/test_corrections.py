"""What the study's corrections change in e_ij."""

import numpy as np
import pandas as pd
import pytest
from simulated_surface import COUNTS, surface_of

from strsbp.reference.spsp import published_trace
from strsbp.spsp.simulate import save_surface
from strsbp.study.experiments.corrections.summarise import _delay, summarise_corrections


def saved(folder, n_steps, phi):
    """The file of a surface o_j * phi(o_i) with small errors."""
    surface = surface_of(phi, error=1e-3, spsp="corrected", n_steps=n_steps, grid=20)
    path = folder / f"{surface.table.key}.npz"
    save_surface(surface, path)
    return path


def test_the_ratio_at_every_count(tmp_path):
    long = saved(tmp_path, 400, COUNTS)
    short = saved(tmp_path, 200, COUNTS * (1.5 - 0.05 * COUNTS))
    summarise_corrections(long, short, seed=1, out=tmp_path / "summary.csv")
    frame = pd.read_csv(tmp_path / "summary.csv")
    shorter = frame[frame["change"] == "t_200"].set_index("o_i")
    assert list(shorter.index) == [1, 2, 5, 10, 20]
    np.testing.assert_allclose(shorter["mean"], 1.5 - 0.05 * shorter.index, rtol=1e-6)
    assert (shorter["low"] < shorter["mean"]).all() and (shorter["mean"] < shorter["high"]).all()
    assert shorter.loc[1, "low"] > 1 > shorter.loc[20, "high"]
    # One step of 400 shifts what a spike of j adds by little, and takes that of the last step.
    offset = frame[(frame["change"] == "offset") & (frame["quantity"] == "ratio")]
    assert offset["mean"].between(0.98, 1).all()


def test_the_delay_between_current_and_potential():
    def later(pre, post, **constants):
        e, current, membrane = published_trace(pre, post, **constants)
        return e, current, np.concatenate([np.zeros(3), membrane[:-3]])

    assert _delay(published_trace) == 0
    assert _delay(later) == 3


def test_a_later_input_lowers_e_ij_by_what_the_last_step_loses(tmp_path):
    long = saved(tmp_path, 400, COUNTS)
    summarise_corrections(long, long, seed=1, out=tmp_path / "summary.csv")
    frame = pd.read_csv(tmp_path / "summary.csv")
    same = frame[(frame["change"] == "t_200")]
    np.testing.assert_allclose(same["mean"], 1)
    ratio = frame[(frame["quantity"] == "ratio") & (frame["change"] == "offset")]["mean"]
    assert 1 - ratio.mean() == pytest.approx(1 / 400, rel=0.5)
