"""Grids of time constants and thresholds: cells, their tables, training, summary."""

import numpy as np
import pandas as pd
import pytest

from strsbp.data import Digits
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import EffectRatioTable
from strsbp.study.experiments.sweep.measure import measure_cell
from strsbp.study.experiments.sweep.settings import SweepSettings
from strsbp.study.experiments.sweep.summarise import behind_chosen
from strsbp.study.inputs import Networks
from strsbp.training.epochs import train

ARM = ArmSettings(title="ST-RSBP", table={"grid": 8}, n_steps=60)
SETTINGS = SweepSettings(
    arms=["strsbp"], tau_m=[32], tau_s=[16], threshold_hidden=[10], threshold_output=[], epochs=2,
    seeds=[1, 2],
)  # fmt: skip
SIZES = dict(epochs=2, n_train=1000, n_test=1000)
OWN = "m64-s8-h20-o15"
KEYS = {
    "time_constants": ["m32-s8-h20-o15", "m32-s16-h20-o15", OWN, "m64-s16-h20-o15"],
    "thresholds": ["m64-s8-h10-o15", OWN],
}


def test_the_grids_meet_in_the_arms_own_cell():
    assert {grid: list(SETTINGS.grid(ARM, grid)) for grid in KEYS} == KEYS
    cells = SETTINGS.cells(ARM)
    assert sorted(cells) == sorted({*KEYS["time_constants"], *KEYS["thresholds"]})
    assert cells[OWN] == ARM.model_copy(update=SIZES)


def test_a_cell_changes_its_constants_and_nothing_else():
    changed = SETTINGS.cells(ARM)["m32-s16-h20-o15"].model_dump()
    differing = {name: value for name, value in changed.items() if ARM.model_dump()[name] != value}
    assert differing == {"tau_m": 32, "tau_s": 16} | SIZES


@pytest.mark.parametrize(
    ("table", "spsp"),
    [
        (dict(spsp="exact"), "published"),
        (dict(spsp="corrected", fit="spline", grid=80, tau_m=32), "corrected"),
        (dict(file="a.txt", spsp="corrected"), "published"),
    ],
)
def test_cells_have_simulated_tables_of_their_own_whatever_the_arms_is(table, spsp):
    cells = SETTINGS.cells(ArmSettings(title="other", table=table))
    for name, cell in cells.items():
        assert cell.table.fit_name == "polynomial4"
        found = cell.simulated_table()
        constants = found.key.partition("-r")[0].removeprefix(f"{spsp}-")
        assert (found.spsp, found.grid) == (spsp, table.get("grid", 100))
        assert name.startswith(f"{constants}-h")


def test_a_cell_is_trained_as_an_arm_with_its_constants(tmp_path):
    rng = np.random.default_rng(2)
    images, labels = rng.integers(0, 256, (6, 30)).astype(np.uint8), np.arange(6).astype(np.uint8)
    digits = Digits("invented", images, labels, images[:4], labels[:4])
    hidden = [LayerSettings(kind="feedforward", size=size) for size in (10, 14)]
    sizes = dict(epochs=2, n_train=6, n_test=4)
    arm = ARM.model_copy(update=dict(threshold_hidden=2, threshold_output=3) | sizes)
    table = EffectRatioTable(np.random.default_rng(3).normal(0, 1e-3, (8, 5)))
    networks = Networks({"a": arm}, hidden, [table], digits)
    measure_cell(networks, seeds=[1, 5], out=tmp_path / "a.csv")
    found = pd.read_csv(tmp_path / "a.csv")
    assert list(found["seed"]) == [1, 1, 5, 5]
    for seed in (1, 5):
        rows = pd.DataFrame(train(build_network(arm, hidden, table, seed, 30), digits, 2))
        ours = found[found["seed"] == seed].reset_index()
        for name in rows.columns.drop("diverged"):
            np.testing.assert_allclose(ours[name], rows[name], rtol=1e-8)
        sizes = {"feedforward1": 10, "feedforward2": 14, "output3": 10}
        silent = sum(n * rows[f"silent_share_{layer}"] for layer, n in sizes.items())
        np.testing.assert_allclose(ours["silent_share"], silent / 34)
        smallest = rows[[f"smallest_denominator_{layer}" for layer in sizes]].min(axis=1)
        np.testing.assert_allclose(ours["smallest_denominator"], smallest)
    assert not found.loc[[1], "test_error":].equals(found.loc[[3], "test_error":])


def test_the_best_cell_for_other_seeds():
    errors = pd.DataFrame(
        {"own": [0.2, 0.2, 0.2], "a": [0.1, 0.3, 0.31], "b": [0.25, 0.15, 0.18], "c": [0, 0, None]},
        index=[1, 2, 3],
    )
    # Without seed 1, b is best (0.165). Without 2, own is best: it has 0.2, a 0.205, b 0.215.
    # Without 3, all three have 0.2; own is the first of equals.
    assert behind_chosen(errors, "own") == pytest.approx([0.2 - 0.25, 0, 0])
    assert behind_chosen(errors, "c") == []
    assert behind_chosen(errors.iloc[:1], "own") == []
