"""The regularisation sweep: its cells, and what is measured in each."""

import numpy as np
import pandas as pd
import pytest
from test_engine import as_reference
from test_training import small_digits

from strsbp.network import build_network
from strsbp.reference.backward import regularisation
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import EffectRatioTable
from strsbp.study.experiments.regularisation.measure import measure_cell, regulariser_length
from strsbp.study.experiments.regularisation.settings import RegularisationSettings
from strsbp.study.experiments.regularisation.summarise import summarise_regularisation
from strsbp.study.inputs import Networks

LAYERS = [
    LayerSettings(kind="feedforward", size=32),
    LayerSettings(kind="recurrent", shape=(2, 4, 4)),
]
TABLE = EffectRatioTable(np.full((20, 5), [0, 0, 0, 1e-3, 0]))


ARM = ArmSettings(title="a", n_steps=100, threshold_hidden=4, threshold_output=4)


def test_cells_are_named_by_their_settings():
    settings = RegularisationSettings(arms=["strsbp", "hm2bp"], strengths=[0, 0.01, 1e-7])
    cells = settings.cells({"strsbp": ARM, "hm2bp": ARM.model_copy(update=dict(title="b"))})
    assert len(cells) == 12
    cell = cells["hm2bp-1e-07-undivided"]
    assert (cell.title, cell.regularisation, cell.divide_by_threshold) == ("b", 1e-7, False)


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
    cells, lengths = RegularisationSettings(arms=["a"], strengths=[10]).cells({"a": ARM}), {}
    for divided in (True, False):
        out = tmp_path / f"{divided}.csv"
        cell = cells["a-10-divided" if divided else "a-10-undivided"]
        networks = Networks({"a": cell}, LAYERS, [TABLE], digits)
        measure_cell(networks, epochs=2, seeds=[1, 2], n_samples=5, out=out)
        frame = pd.read_csv(out)
        assert list(frame["seed"]) == [1, 1, 2, 2] and list(frame["epoch"]) == [1, 2, 1, 2]
        shares = frame[[c for c in frame if c.startswith(("dead_share", "small_share"))]]
        assert shares.shape[1] == 6 and ((shares >= 0) & (shares <= 1)).all(axis=None)
        assert (frame["regulariser_gradient_output3"] > 0).all()
        assert (frame["mean_gain_feedforward1"] > 0).all()
        lengths[divided] = frame["error_gradient_feedforward1"].iloc[0]
    assert lengths[False] > 10 * lengths[True]  # 64-fold on equal weights


def test_cells_are_compared_by_seed_in_the_last_epoch(tmp_path):
    settings = RegularisationSettings(
        arms=["strsbp", "hm2bp"], strengths=[0, 10], epochs=2, seeds=[1, 2]
    )
    own = ARM.model_copy(update=dict(regularisation=10))
    arms = {"strsbp": own, "hm2bp": own.model_copy(update=dict(title="b"))}
    errors = {key: 0.01 * 3**i for i, key in enumerate(settings.cells(arms))}
    paths = []
    for key, error in errors.items():
        rows = [(1, 1, 0.9), (2, 1, 0.9), (1, 2, error), (2, 2, error + 0.1)]
        frame = pd.DataFrame(rows, columns=["seed", "epoch", "test_error"]).assign(diverged=np.nan)
        paths.append(tmp_path / f"{key}.csv")
        frame.to_csv(paths[-1], index=False)
    described = dict(settings=settings.model_dump(), arms=arms)
    summarise_regularisation(paths, **described, out=tmp_path / "summary.csv")
    found = pd.read_csv(tmp_path / "summary.csv")
    found = found[found["quantity"].str.startswith("behind_")]
    assert (found["at_epoch"] == 2).all() and (found["n_seeds"] == 2).all()
    of = found.set_index(["arm", "divide_by_threshold", "regularisation", "quantity"])["mean"]
    expected = {
        "behind_first_arm": "strsbp-0-divided", "behind_own": "hm2bp-10-divided",
        "behind_undivided": "hm2bp-10-undivided",
    }  # fmt: skip
    for quantity, other in expected.items():
        difference = errors["hm2bp-0-divided"] - errors[other]
        assert of["hm2bp", True, 0, quantity] == pytest.approx(difference), quantity
    difference = errors["hm2bp-10-divided"] - errors["hm2bp-0-divided"]
    assert of["hm2bp", True, 10, "behind_unregularised"] == pytest.approx(difference)
    assert ("hm2bp", True, 0, "behind_unregularised") not in of.index
