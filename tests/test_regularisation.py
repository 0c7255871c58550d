"""The regularisation sweep: its cells, and what is measured in each."""

import numpy as np
import pandas as pd
import pytest
from test_engine import as_reference
from test_training import small_digits

from strsbp.errors import SettingsError
from strsbp.files import ResultsError
from strsbp.network import build_network
from strsbp.reference.backward import regularisation
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp import EffectRatioTable
from strsbp.study.experiments.regularisation.measure import measure_cell, regulariser_length
from strsbp.study.experiments.regularisation.settings import Cell, RegularisationSettings
from strsbp.study.experiments.regularisation.summarise import summarise_regularisation
from strsbp.study.inputs import Networks

LAYERS = [
    LayerSettings(kind="feedforward", size=32),
    LayerSettings(kind="recurrent", shape=(2, 4, 4)),
]
TABLE = EffectRatioTable(np.full((20, 5), [0, 0, 0, 1e-3, 0]))


def test_cells_are_named_by_their_keys():
    cells = RegularisationSettings(arms=["strsbp", "hm2bp"], strengths=[0, 0.01, 1e-7]).cells()
    assert len(cells) == 12
    assert [Cell.from_key(cell.key) for cell in cells] == cells
    with pytest.raises(SettingsError, match="strsbp-10-divided"):
        Cell.from_key("strsbp-10")


@pytest.mark.parametrize("strength", [0.0, 10.0])
def test_the_regularisers_norm_is_that_of_the_reference(strength):
    model = ArmSettings(title="a", regularisation=strength)
    network = build_network(model, LAYERS, TABLE, seed=1)
    for layer in network.layers:
        copy = as_reference(layer)
        found = regularisation(
            copy.weights, copy.recurrent_weights, copy.recurrent_mask, strength=strength
        )
        expected = np.sqrt(sum(np.sum(part**2) for part in found if part is not None))
        assert regulariser_length(layer) == pytest.approx(expected, rel=1e-5)


def test_a_cell_is_measured_after_each_epoch(tmp_path):
    digits = small_digits(30, 30)
    arm = ArmSettings(title="a", n_steps=100, threshold_hidden=4, threshold_output=4)
    networks, lengths = Networks({"a": arm}, LAYERS, [TABLE], digits), {}
    for divided in (True, False):
        out = tmp_path / f"{divided}.csv"
        cell = Cell(arm="strsbp", regularisation=10, divide_by_threshold=divided)
        measure_cell(networks, cell.key, epochs=2, seeds=[1, 2], n_samples=5, out=out)
        frame = pd.read_csv(out)
        assert list(frame["seed"]) == [1, 1, 2, 2] and list(frame["epoch"]) == [1, 2, 1, 2]
        shares = frame[[c for c in frame if c.startswith(("dead_share", "small_share"))]]
        assert shares.shape[1] == 6 and ((shares >= 0) & (shares <= 1)).all(axis=None)
        assert (frame["regulariser_gradient_output3"] > 0).all()
        assert (frame["mean_gain_feedforward1"] > 0).all()
        lengths[divided] = frame["error_gradient_feedforward1"].iloc[0]
    assert lengths[False] > 10 * lengths[True]  # 64-fold on equal weights


def write_cell(folder, cell, errors, diverged=()):
    """Two epochs of seeds 1, 2, 3; `errors`: each seed's test error in the last epoch."""
    rows = [
        {
            "seed": seed, "epoch": epoch, "test_error": error + 0.1 * (2 - epoch),
            "train_error": error, "diverged": "output2" if (seed, epoch) in diverged else "",
            "dead_share_a1": 0.5, "small_share_a1": 0.25, "mean_gain_a1": 1.5,
            "error_gradient_a1": 3.0, "regulariser_gradient_a1": cell.regularisation,
        }
        for seed, error in enumerate(errors, start=1)
        for epoch in (1, 2)
        if (seed, 1) not in diverged or epoch == 1
    ]  # fmt: skip
    path = folder / f"{cell.key}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


OWN = {
    "strsbp": ArmSettings(title="A", regularisation=10, n_train=7),
    "hm2bp": ArmSettings(title="B", regularisation=0, n_train=7),
}
SETTINGS = RegularisationSettings(arms=["strsbp", "hm2bp"], strengths=[0, 10], epochs=2)


def test_the_summary_holds_means_ratios_and_paired_differences(tmp_path):
    paths = []
    for cell in SETTINGS.cells():
        shift = 0.01 if cell.arm == "hm2bp" else 0.0
        paths.append(write_cell(tmp_path, cell, [0.1 + shift, 0.2 + 2 * shift, 0.3]))
    summarise_regularisation(paths, settings=SETTINGS, arms=OWN, out=tmp_path / "out.csv")
    rows = pd.read_csv(tmp_path / "out.csv").set_index(
        ["arm", "regularisation", "divide_by_threshold", "at_epoch", "quantity"]
    )
    error_rows = rows.xs((2, "test_error"), level=("at_epoch", "quantity"))
    error = rows.loc[("strsbp", 10, True, 2, "test_error")]
    assert error["mean"] == pytest.approx(0.2) and error["low"] < 0.2 < error["high"]
    assert rows.loc[("strsbp", 10, True, 1, "test_error"), "mean"] == pytest.approx(0.3)
    assert rows.loc[("strsbp", 10, False, 2, "gradient_ratio_a1"), "mean"] == pytest.approx(0.3)
    assert np.isnan(rows.loc[("strsbp", 0, False, 2, "gradient_ratio_a1"), "mean"])
    difference = rows.loc[("hm2bp", 0, False, 2, "behind_first_arm")]
    assert difference["mean"] == pytest.approx(0.01)
    assert ("strsbp", 0, False, 2, "behind_first_arm") not in rows.index
    behind = rows.xs((2, "behind_own"), level=("at_epoch", "quantity"))
    own = {("strsbp", 10.0, True), ("hm2bp", 0.0, True)}
    assert set(behind.index) | own == set(error_rows.index)
    assert behind["mean"].tolist() == pytest.approx([0] * 6)
    assert set(rows["title"]) == {"A", "B"} and set(rows["n_train"]) == {7}


def test_a_run_that_diverged_leaves_the_means(tmp_path):
    cell, *others = SETTINGS.cells()
    paths = [write_cell(tmp_path, cell, [0.1, 0.2, 0.9], diverged={(3, 1)})]
    paths += [write_cell(tmp_path, other, [0.1, 0.2, 0.3]) for other in others]
    summarise_regularisation(paths, settings=SETTINGS, arms=OWN, out=tmp_path / "out.csv")
    rows = pd.read_csv(tmp_path / "out.csv")
    mine = rows[(rows["arm"] == cell.arm) & (rows["regularisation"] == cell.regularisation)]
    mine = mine[mine["divide_by_threshold"] & (mine["quantity"] == "test_error")]
    assert mine["n_diverged"].tolist() == [1, 1] and mine["n_seeds"].tolist() == [2, 2]
    assert mine["mean"].tolist() == pytest.approx([0.25, 0.15])


def test_a_missing_cell_or_seed_is_named(tmp_path):
    paths = [write_cell(tmp_path, cell, [0.1, 0.2, 0.3]) for cell in SETTINGS.cells()]
    with pytest.raises(ResultsError, match="no measurement of hm2bp-10-undivided"):
        summarise_regularisation(paths[:-1], settings=SETTINGS, arms=OWN, out=tmp_path / "out.csv")
    write_cell(tmp_path, SETTINGS.cells()[0], [0.1, 0.2])
    with pytest.raises(ResultsError, match="does not hold 2 epochs of the seeds 1, 2, 3"):
        summarise_regularisation(paths, settings=SETTINGS, arms=OWN, out=tmp_path / "out.csv")
