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
