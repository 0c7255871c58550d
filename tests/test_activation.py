"""Eq. 3 measured: potentials against the reference, statistics of known values, and the figure."""

import numpy as np
import pandas as pd
import pytest
import small_networks
from small_networks import HIDDEN, N_PIXELS, table

from strsbp.encoding import TEST_SPLIT
from strsbp.network import build_network, feedback_weights
from strsbp.reference.spsp import spsp_matrix
from strsbp.study.experiments.activation.figure import draw
from strsbp.study.experiments.activation.measure import (
    _statistics,
    measure_activation,
    membrane_sums,
    potentials,
)
from strsbp.study.experiments.activation.summarise import summarise_activation
from strsbp.study.inputs import Networks


@pytest.fixture(scope="module")
def model():
    return small_networks.arm()


def test_potentials_are_weighted_e_ij_and_sums_of_the_membrane(model):
    network = build_network(model, HIDDEN, table(), 3, N_PIXELS)
    digits = small_networks.noise()
    fired = 0
    for index, image in enumerate(digits.test_images):
        network.encode(image, index, TEST_SPLIT)
        network.forward()
        below = network.inputs
        for layer in network.layers:
            pre = below.to_dense()[:, : layer.n_inputs]
            post = layer.trains.to_dense()[:, : layer.n_neurons]
            weights = layer.weights[:, : layer.n_neurons].T.astype(float)
            expected = np.sum(weights * spsp_matrix(pre, post, **model.dynamics), axis=1)
            among = feedback_weights(layer)
            if among is not None:
                expected += np.sum(among * spsp_matrix(post, post, **model.dynamics), axis=1)
            a = potentials(layer, below)
            np.testing.assert_allclose(a, expected, rtol=1e-4, atol=1e-3)
            sums, spikes = membrane_sums(layer, pre)
            np.testing.assert_array_equal(spikes, post)
            np.testing.assert_allclose(a, sums, rtol=1e-4, atol=1e-3)
            assert not a[~post.any(axis=0)].any()
            fired += post.any(axis=0).sum()
            below = layer.trains
    assert fired > 20


def test_statistics_of_known_counts():
    o = np.array([0, 0, 1, 2, 4, 60])
    found = {
        (row["of"], row["statistic"]): row["value"]
        for row in _statistics(1.25 * o.astype(float), o)
    }
    assert found["all", "share_firing"] == pytest.approx(4 / 6)
    assert found["all", "share_above_50"] == pytest.approx(1 / 6)
    assert found["all", "per_spike"] == pytest.approx(1.25)
    assert found["all", "slope"] == pytest.approx(0.8)
    assert found["all", "r2"] == pytest.approx(1)
    assert found["all", "rms_deviation"] == pytest.approx(0.25)
    assert found["all", "quantile_0.95"] == pytest.approx(1.25)
    # Unrelated to the counts, they have no line.
    a = np.array([0, 0, 4.0, 1, 3, 2])
    noise = {row["statistic"]: row["value"] for row in _statistics(a, o) if row["of"] == "all"}
    assert noise["r2"] < 0.3 and noise["rms_deviation"] > 0.5


def test_a_layer_in_which_nothing_fires_has_no_ratio():
    rows = list(_statistics(np.zeros(4), np.zeros(4, dtype=int)))
    assert {row["statistic"]: row["value"] for row in rows} == dict(
        share_firing=0, mean_count=0, share_above_50=0
    )


def test_the_table_and_its_figure(model, tmp_path):
    networks = Networks({"a": model}, HIDDEN, [table()], small_networks.noise())
    measured = [tmp_path / "a" / f"seed{seed}.csv" for seed in (3, 4)]
    out = tmp_path / "summary.csv"
    measured[0].parent.mkdir()
    for seed, path in zip((3, 4), measured, strict=True):
        measure_activation(networks, seed=seed, n_samples=3, train_epochs=1, out=path)
    first = pd.read_csv(measured[0])
    summarise_activation(measured, out=out)
    frame = pd.read_csv(out)
    fires = (frame["statistic"] == "mean_count") & (frame["state"] == "trained")
    both = [pd.read_csv(path).query("statistic == 'mean_count' and state == 'trained'")["value"]
            for path in measured]  # fmt: skip
    np.testing.assert_allclose(frame.loc[fires, "mean"], np.mean(both, axis=0), rtol=1e-6)
    assert (frame.loc[fires, "n_seeds"] == 2).all() and (first["seed"] == 3).all()
    assert set(frame["state"]) == {"untrained", "trained"}
    gaps = frame[frame["statistic"] == "largest_gap"]
    assert len(gaps) == 6 and gaps["mean"].max() < 1e-5
    # Every spike is fired at or above the threshold.
    assert frame.loc[frame["statistic"] == "quantile_0.05", "mean"].min() > 0.999
    axes = draw(summary=out).axes
    assert len(axes) == 4 and all(ax.lines for ax in axes)
