"""The true gradient: replayed spikes, finite differences, and what a whole measurement writes."""

import numpy as np
import pandas as pd
import pytest
import small_networks
from small_networks import HIDDEN, N_PIXELS, arm

from strsbp.network import build_network
from strsbp.study.experiments.gradient_check import measure
from strsbp.study.experiments.gradient_check.measure import (
    Samples,
    arm_gradients,
    groups_of,
    losses,
    measure_gradient_check,
    target_counts,
)
from strsbp.study.experiments.gradient_check.settings import GradientCheckSettings
from strsbp.study.experiments.gradient_check.summarise import COLUMNS, summarise_gradient_check
from strsbp.study.experiments.gradients.measure import Probe
from strsbp.study.inputs import Networks
from strsbp.study.summary.intervals import mean_interval

GROUPS = ["feedforward1", "recurrent2", "recurrent2_reservoir", "output3"]
SETTINGS = GradientCheckSettings(arms=["strsbp"], n_images=4, n_encodings=4, n_directions=8)


@pytest.fixture(scope="module")
def table():
    return small_networks.table()


@pytest.fixture(scope="module")
def digits():
    return small_networks.noise()


@pytest.fixture
def network(table):
    return build_network(arm(), HIDDEN, table, 3, N_PIXELS)


@pytest.fixture
def samples(network, digits):
    return Samples(network, digits, SETTINGS, 3)


def test_the_loss_by_hand():
    targets = target_counts(np.array([1]), 3)
    assert targets.tolist() == [[5, 35, 5]]
    counts = np.array([[10, 29, 0], [11, 41, 5], [0, 0, 0], [5, 35, 5]])
    # d = (5, -6, -5), (6, 6, 0), (-5, -35, -5), 0; only |d| > 5 counts, from 5^2 on.
    assert losses(counts, np.repeat(targets, 4, axis=0)).tolist() == [5.5, 11.0, 600.0, 0.0]


def test_the_loss_has_the_propagated_error_as_its_derivative():
    target, h = np.array([[35.0]]), 1e-6
    for count in (3.0, 29.5, 31.0, 35.0, 39.9, 40.5, 60.0):
        above, below = (losses(np.array([[count + side]]), target) for side in (h, -h))
        d = count - 35
        assert (above - below) / (2 * h) == pytest.approx(d if abs(d) > 5 else 0, abs=1e-6)


def test_replayed_layers_count_what_the_network_counts(network, digits, samples):
    for sample in range(samples.n_samples):
        samples.encode(network, sample)
        network.forward()
        counts = network.layers[-1].trains.counts[:10]
        expected = losses(counts[None], samples.targets[[sample]])
        for position in range(3):
            np.testing.assert_array_equal(samples.losses(position)[[sample]], expected)
    assert len(set(samples.losses(0))) > 4
    for position in range(1, 3):
        np.testing.assert_array_equal(samples.losses(position), samples.losses(0))


def test_encodings_of_an_image_differ_and_labels_follow_images(samples, digits):
    dense = [samples.recordings[0].to_dense(k, N_PIXELS) for k in range(samples.n_samples)]
    assert len({one.tobytes() for one in dense}) == samples.n_samples == 16
    assert samples.labels.tolist() == digits.train_labels[:4].tolist() * 4
    assert samples.halves.tolist() == [list(range(8)), list(range(8, 16))]
    rates = [np.mean([one.sum(axis=0) for one in dense[image::4]], axis=0) for image in range(4)]
    for image, rate in enumerate(rates):
        assert np.corrcoef(rate, digits.train_images[image])[0, 1] > 0.9


def test_groups_share_the_memory_of_the_network(network):
    groups = groups_of(network)
    assert [group.name for group in groups] == GROUPS
    assert [group.position for group in groups] == [0, 1, 1, 2]
    for group in groups:
        before = network.state()
        kept = {name: array.copy() for name, array in before.items()}
        group.weights[...] = 7
        changed = {name for name, array in network.state().items()
                   if not np.array_equal(array, kept[name])}  # fmt: skip
        layer = network.layers[group.position].name
        kind = "rec_weights" if group.name.endswith("_reservoir") else "weights"
        assert changed == {f"{layer}/{kind}"}
        network.load_state(kept)
    assert groups[0].step(2.0) == pytest.approx(2 / np.sqrt(N_PIXELS))


def test_one_weight_by_hand(samples):
    """Along one weight alone: the losses of two networks that differ in it, over the distance."""
    for group in groups_of(samples.network):
        direction = np.zeros(group.weights.shape, dtype=np.float32)
        place = (3,) if direction.ndim == 1 else (2, 1)
        direction[place] = 1
        kept = group.weights.copy()
        found = samples.slopes(group, direction, 0.5)
        np.testing.assert_array_equal(group.weights, kept)
        sides = []
        for change in (0.5, -0.5):
            group.weights[place] = kept[place] + np.float32(change)
            # From the first layer on, not from the one whose weight differs.
            sides.append(samples.losses(0))
            group.weights[...] = kept
        np.testing.assert_array_equal(found, (sides[0] - sides[1]) / 1.0)


def test_gradients_of_the_halves_are_means_over_their_samples(network, samples, table):
    probe = Probe(arm(), table, network)
    halves, seconds = arm_gradients(probe, samples)
    assert len(seconds) == samples.n_samples and min(seconds) > 0
    assert [first.shape for first, _ in halves] == [g.weights.shape for g in groups_of(network)]
    total = [np.zeros(first.shape) for first, _ in halves]
    for sample in samples.halves[1]:
        samples.encode(probe.network, sample)
        probe.clear()
        probe.network.train_on_inputs(int(samples.labels[sample]))
        moments = [part for layer in probe.moments() for part in layer]
        for own, part in zip(total, moments, strict=True):
            own += 10.0 * part / 8
    for (_, second), own in zip(halves, total, strict=True):
        np.testing.assert_allclose(second, own, rtol=1e-5, atol=1e-5 * np.abs(own).max())
        assert np.abs(own).max() > 0


@pytest.fixture(scope="module")
def measured(digits, table, tmp_path_factory):
    """All tables of a small measurement; the second arm has the gradient of the first."""
    # Another threshold is another loss: of the others only the gradient counts, and the table.
    same = arm(threshold_hidden=7, n_steps=90)
    arms = {"strsbp": arm(), "same": same, "hm2bp": arm(gradient="hm2bp", ablated_layers="all")}
    folder = tmp_path_factory.mktemp("measured") / "trained" / "seed3"
    paths = {name: folder / f"{name}.csv" for name in ("projections", "times")}
    networks = Networks(arms, HIDDEN, [table] * len(arms), digits)
    measure_gradient_check(networks, SETTINGS, 1, 3, **paths)
    titles = dict(strsbp="ST-RSBP", hm2bp="HM2-BP")
    summary = folder / "summary.csv"
    summarise_gradient_check(*([path] for path in paths.values()), titles, out=summary)
    return {name: pd.read_csv(path) for name, path in (paths | {"summary": summary}).items()}


def test_a_measurement_holds_every_layer_step_and_estimator(measured):
    projections = measured["projections"]
    assert list(projections["layer"].drop_duplicates()) == GROUPS
    # 2 steps of the finite difference and 3 estimates, along 8 directions in 4 groups
    assert len(projections) == 4 * 8 * (2 + 3)
    same = projections[projections["estimator"].isin(["strsbp", "same"])]
    of = {name: rows["second"].to_numpy() for name, rows in same.groupby("estimator")}
    np.testing.assert_array_equal(of["strsbp"], of["same"])
    assert set(measured["times"]["estimator"]) == {"strsbp", "same", "hm2bp", "forward"}


def test_the_summary_repeats_itself_and_compares_with_the_first(measured):
    frame = measured["summary"]
    assert list(frame.columns) == COLUMNS
    quantities = set(frame["quantity"])
    assert quantities == {"reliability", "moved", "cosine", "length", "cosine_difference",
                          "linearity", "cpu_ms"}  # fmt: skip
    keys = ["state", "layer", "step", "estimator", "against", "quantity"]
    assert not frame.duplicated(keys).any()
    differences = frame[frame["quantity"].str.endswith("_difference")].dropna(subset="mean")
    assert set(differences["estimator"]) == {"strsbp"}
    assert (differences.loc[differences["against"] == "same", "mean"] == 0).all()
    known = frame.dropna(subset=["mean", "low"])
    assert ((known["low"] <= known["mean"]) & (known["mean"] <= known["high"])).all()
    named = frame.dropna(subset="title")
    assert set(named["title"]) == {"ST-RSBP", "HM2-BP"}


def _write_network(folder, projected):
    """The tables of one network: `projected` on directions, by estimator and step."""
    tables = [
        pd.DataFrame(dict(layer="output1", estimator=name, step=step, first=one, second=one))
        for (name, step), one in projected.items()
    ]
    folder.mkdir(parents=True)
    rows = pd.concat(tables).rename_axis("direction").reset_index()
    rows.to_csv(folder / "projections.csv", index=False)
    times = pd.DataFrame(dict(estimator=["a"], sample=[0], cpu_ms=[3.0]))
    times.to_csv(folder / "times.csv", index=False)


def test_intervals_are_over_networks_and_unknown_if_the_truth_of_one_is(tmp_path):
    along, across = np.array([[1.0, 0.0] * 8, [0.0, 1.0] * 8])
    truths = {(measure.FINITE_DIFFERENCE, step): along for step in (1, 2)}
    zero = {(measure.FINITE_DIFFERENCE, step): 0 * along for step in (1, 2)}
    folders = [tmp_path / state / f"seed{seed}" for state in ("early", "trained") for seed in "123"]
    for folder, (near, far) in zip(folders, [(1, 0), (0.8, 0.6), (0.6, 0.8)] * 2, strict=True):
        estimates = {("a", np.nan): near * along + far * across, ("b", np.nan): along}
        _write_network(folder, (zero if folder == folders[0] else truths) | estimates)
    paths = ([folder / f"{name}.csv" for folder in folders] for name in ("projections", "times"))
    summarise_gradient_check(*paths, {}, out=tmp_path / "summary.csv")
    found = pd.read_csv(tmp_path / "summary.csv")
    assert (found["n_seeds"] == 3).all()

    def of(state, quantity):
        return found[(found["state"] == state) & (found["quantity"] == quantity)]

    for _, row in of("trained", "cosine_difference").iterrows():
        np.testing.assert_allclose(
            [row["mean"], row["low"], row["high"]], mean_interval([0, -0.2, -0.4])
        )
    assert of("early", "cosine")["mean"].isna().all()
    assert of("early", "moved")["mean"].tolist() == pytest.approx([1 / 3] * 2)
    assert of("early", "cpu_ms")["mean"].item() == 3


def test_a_training_that_diverges_leaves_empty_tables(digits, tmp_path, table, monkeypatch):
    def diverge(network, digits, epochs):
        network.layers[1].weights[0, 0] = np.nan

    monkeypatch.setattr(measure, "train", diverge)
    paths = {name: tmp_path / f"{name}.csv" for name in ("projections", "times")}
    networks = Networks({"strsbp": arm()}, HIDDEN, [table], digits)
    measure_gradient_check(networks, SETTINGS, 1, 3, **paths)
    assert all(pd.read_csv(path).empty for path in paths.values())
    files = ([path] for path in paths.values())
    summarise_gradient_check(*files, {}, out=tmp_path / "summary.csv")
    assert pd.read_csv(tmp_path / "summary.csv").empty
