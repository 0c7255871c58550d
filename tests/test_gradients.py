"""Gradients of arms on the same weights and samples: against the reference, and in tables."""

import numpy as np
import pandas as pd
import pytest
import small_networks
from small_networks import HIDDEN, N_PIXELS, table
from test_engine import as_reference

from strsbp.errors import SettingsError
from strsbp.network import build_network
from strsbp.reference.network import ReferenceNetwork
from strsbp.study.experiments.gradients.measure import Probe, denominator_rows, measure_gradients
from strsbp.study.experiments.gradients.settings import GradientsSettings
from strsbp.study.experiments.gradients.summarise import summarise_gradients
from strsbp.study.inputs import Networks
from strsbp.study.summary.intervals import mean_interval


def arm(**settings):
    return small_networks.arm(**dict(threshold_output=3) | settings)


@pytest.fixture(scope="module")
def digits():
    return small_networks.noise()


def test_gradients_and_denominators_equal_the_reference(digits):
    model, effects = arm(), table(1.0)
    probe = Probe(model, effects, build_network(model, HIDDEN, effects, 3, N_PIXELS))
    layers = [as_reference(layer) for layer in probe.network.layers]
    reference = ReferenceNetwork(layers, effects, model)
    n_compared = 0
    for index in range(6):
        label = int(digits.train_labels[index])
        found = probe.gradients(digits.train_images[index], index, label)
        spikes = probe.network.inputs.to_dense()[:, :N_PIXELS]
        computed = reference.backward(spikes, reference.forward(spikes), label)
        if found is None:
            assert not np.any(computed.errors)
            continue
        n_compared += 1
        for layer, expected in zip(probe.network.layers, computed.layers, strict=True):
            vector = expected.gradient.T.ravel()
            if layer.recurrent:
                own = expected.recurrent_gradient[layer.rec_post, layer.rec_pre]
                vector = np.concatenate([vector, own])
            scale = np.abs(vector).max()
            np.testing.assert_allclose(found[layer.name] / scale, vector / scale, atol=2e-3)
            s = probe.denominators()[layer.name]
            np.testing.assert_allclose(s, expected.s, rtol=1e-3, atol=1e-3)
    assert n_compared >= 4


def test_other_connections_are_refused():
    network = build_network(arm(), HIDDEN, table(1), 3, N_PIXELS)
    with pytest.raises(SettingsError, match="rec_"):
        Probe(arm(reservoir="published"), table(1), network)


@pytest.fixture(scope="module")
def compared(digits, tmp_path_factory):
    """Both tables for four arms: the first, a copy, HM2-BP, and one with a tiny table."""
    arms = {
        "first": arm(), "same": arm(), "weak": arm(title="weak"),
        "hm2bp": arm(gradient="hm2bp", ablated_layers="all"),
    }  # fmt: skip
    tables = dict(first=table(1), same=table(1), weak=table(1e-4), hm2bp=table(1))
    folder = tmp_path_factory.mktemp("compared")
    paths = dict(gradients=folder / "g.csv", denominators=folder / "d.csv")
    settings = GradientsSettings(arms=list(arms), n_samples=8, train_epochs=1)
    measure_gradients(Networks(arms, HIDDEN, list(tables.values()), digits), settings, 3, **paths)
    return pd.read_csv(paths["gradients"]), pd.read_csv(paths["denominators"])


def test_an_arm_equals_its_reference(compared):
    gradients, _ = compared
    equal = gradients[
        (gradients["arm"].isin(["first", "same"]) & (gradients["reference"] == "published"))
        | ((gradients["arm"] == "hm2bp") & (gradients["reference"] == "hm2bp"))
    ]
    assert set(equal["state"]) == {"untrained", "trained"}
    angles = equal["quantity"] == "angle"
    np.testing.assert_allclose(equal.loc[~angles, "value"], 1, rtol=1e-6)
    assert angles.any() and equal.loc[angles, "value"].max() < 1e-3
    other = gradients[(gradients["arm"] == "first") & (gradients["reference"] == "hm2bp")]
    assert other.loc[other["quantity"] == "cosine", "value"].min() < 0.999


def test_quantiles_are_those_of_the_signed_denominators():
    s = np.array([-2.0, -1.0, 0.5, 1.0, 3.0])
    rows = {
        row["statistic"]: row["value"]
        for row in denominator_rows({"layer": [s[:2], s[2:], np.array([np.inf])]})
    }
    assert rows["quantile_0.5"] == 0.5 and rows["quantile_0.25"] == -1
    assert rows["smallest_magnitude"] == 0.5 and rows["share_negative"] == 0.4
    assert rows["mean_distance_from_1"] == np.mean([3, 2, 0.5, 0, 2])


def test_means_and_intervals_are_over_networks(compared, tmp_path):
    measured, out = {"gradients": [], "denominators": []}, {}
    for (name, paths), frame in zip(measured.items(), compared, strict=True):
        for factor in (1, 2, 4):
            paths.append(tmp_path / f"{name}{factor}.csv")
            frame.assign(value=factor * frame["value"]).to_csv(paths[-1], index=False)
        out[name] = tmp_path / f"{name}.csv"
    summarise_gradients(*measured.values(), **out)
    for name, frame in zip(out, compared, strict=True):
        found = pd.read_csv(out[name])
        assert len(found) == len(frame) and (found["n_seeds"] == 3).all()
        expected = mean_interval(frame["value"][0] * np.array([1, 2, 4]))
        np.testing.assert_allclose(found.loc[0, ["mean", "low", "high"]].astype(float), expected)
        assert (found["n_samples"] == 3 * frame["n_samples"]).all()
