"""Accuracy against cost: decisions and their cost from spike trains, intervals and tables."""

import re

import numpy as np
import pandas as pd
import pytest
import small_networks
from refusals import refusal
from small_networks import HIDDEN, N_PIXELS, table

from strsbp.data import Digits
from strsbp.encoding import TEST_SPLIT
from strsbp.errors import SettingsError
from strsbp.files import ResultsError
from strsbp.network import build_network
from strsbp.study.experiments.early_decision.measure import (
    COLUMNS,
    Decisions,
    decide,
    decide_one,
    decision_rows,
    fan_outs,
    measure_early_decision,
)
from strsbp.study.experiments.early_decision.settings import EarlyDecisionSettings, network_arm
from strsbp.study.experiments.early_decision.summarise import (
    summarise_early_decision,
    wilson_interval,
)
from strsbp.study.inputs import Networks
from strsbp.study.loading import load_study, read_config

N_STEPS = 60
TIMES, MARGINS = [1, 7, 30, N_STEPS], [1, 2, 4, 1000]


def arm(**settings):
    return small_networks.arm(**dict(n_steps=N_STEPS) | settings)


@pytest.fixture
def network():
    return build_network(arm(), HIDDEN, table(), 3, N_PIXELS)


@pytest.fixture
def images():
    return small_networks.noise().train_images


def dense_decisions(trains, operations, times, margins):
    """The same from dense trains: (T, n) booleans of the input and of each layer.

    `operations`: those of a spike of each neuron. Returns (rules, fields) in `Decisions`' order.
    """
    n_steps = len(trains[0])
    counts = np.cumsum(trains[-1], axis=0)
    per_step = [dense.sum(axis=1) for dense in trains]
    costs = [dense @ each for dense, each in zip(trains, operations, strict=True)]
    ordered = np.sort(counts, axis=1)
    leads = ordered[:, -1] - ordered[:, -2]
    stops = [min(time, n_steps) for time in times]
    for margin in margins:
        reached = np.flatnonzero(leads >= margin)
        stops.append(reached[0] + 1 if reached.size else n_steps)
    return np.array(
        [
            [
                np.argmax(counts[t - 1]), t,
                sum(spikes[:t].sum() for spikes in per_step), per_step[0][:t].sum(),
                sum(cost[:t].sum() for cost in costs), costs[0][:t].sum(),
                leads[t - 1], np.sum(counts[t - 1] > 0),
            ]
            for t in stops
        ]
    )  # fmt: skip


def dense_fan_outs(network):
    """Operations of a spike from the weight matrices' own shapes and connections."""
    found = [np.full(N_PIXELS, 18)]
    reservoir = network.layers[1]
    found.append(np.full(18, 18))
    outgoing = np.array([np.sum(reservoir.rec_pre == neuron) for neuron in range(18)])
    found.append(10 + outgoing)
    found.append(np.full(10, 9))
    return found


def test_decisions_of_a_network_equal_a_dense_count(network, images):
    found = np.stack(decide(network, images, TIMES, MARGINS), axis=2)
    operations = dense_fan_outs(network)
    assert np.ptp(operations[2]) > 0  # else the connections would not be tried
    for index, image in enumerate(images):
        network.encode(image, index, TEST_SPLIT)
        network.forward()
        trains = [network.inputs.to_dense()]
        trains += [layer.trains.to_dense()[:, : layer.n_neurons] for layer in network.layers]
        expected = dense_decisions(trains, operations, TIMES, MARGINS)
        np.testing.assert_array_equal(found[index], expected)
    decisions = Decisions(*np.moveaxis(found, 2, 0))
    assert decisions.latency[:, len(TIMES)].min() < N_STEPS  # some margin is reached early
    assert (decisions.latency[:, -1] == N_STEPS).all()  # one that cannot be reached


def test_padding_has_no_fan_out_and_layers_have_theirs(network):
    found = fan_outs(network)
    for own, expected in zip(found, dense_fan_outs(network), strict=True):
        np.testing.assert_array_equal(own[: expected.size], expected)
        assert not own[expected.size :].any()


def test_decisions_on_random_trains_equal_a_dense_count(network):
    """Any trains, many more spikes than a network fires, ties included."""
    rng = np.random.default_rng(7)
    operations = fan_outs(network)
    times, margins = np.array(TIMES), np.array(MARGINS)
    for density in (0.0, 0.02, 0.3, 1.0):
        trains = []
        spikes_of = [network.inputs, *(layer.trains for layer in network.layers)]
        for spikes, n in zip(spikes_of, (N_PIXELS, 18, 18, 10), strict=True):
            dense = rng.random((N_STEPS, spikes.n_neurons)) < density
            dense[:, n:] = False
            spikes.set_dense(dense)
            trains.append(dense[:, :n])
        found = np.full((8, 8), -9)
        decide_one(
            network.inputs.arrays, network.arrays, operations, times, margins,
            np.zeros(10, dtype=np.int64), found,
        )  # fmt: skip
        expected = dense_decisions(trains, dense_fan_outs(network), TIMES, MARGINS)
        np.testing.assert_array_equal(found, expected)


def test_decisions_by_hand(network):
    """Output 4 fires at steps 2 and 5, output 1 at steps 3, 6, 8 and 9; two inputs at step 4."""
    for spikes in (network.inputs, *(layer.trains for layer in network.layers)):
        spikes.set_dense(np.zeros((N_STEPS, spikes.n_neurons), dtype=bool))
    output = np.zeros((N_STEPS, network.layers[2].trains.n_neurons), dtype=bool)
    output[[2, 5], 4] = output[[3, 6, 8, 9], 1] = True
    network.layers[2].trains.set_dense(output)
    inputs = np.zeros((N_STEPS, N_PIXELS), dtype=bool)
    inputs[4, [0, 9]] = True
    network.inputs.set_dense(inputs)
    found = np.zeros((7, 8), dtype=np.int64)
    decide_one(
        network.inputs.arrays, network.arrays, fan_outs(network), np.array([2, 4, 6, N_STEPS]),
        np.array([1, 2, 3]), np.zeros(10, dtype=np.int64), found,
    )  # fmt: skip
    # class, steps, spikes, of the input, operations, of the input, lead, outputs that fired
    assert found.tolist() == [
        [0, 2, 0, 0, 0, 0, 0, 0],
        [1, 4, 2, 0, 18, 0, 0, 2],  # the first of equals
        [4, 6, 5, 2, 27 + 36, 36, 1, 2],
        [1, N_STEPS, 8, 2, 54 + 36, 36, 2, 2],
        [4, 3, 1, 0, 9, 0, 1, 1],  # a lead of one, after the very first spike
        [1, 10, 8, 2, 54 + 36, 36, 2, 2],
        [1, N_STEPS, 8, 2, 54 + 36, 36, 2, 2],  # never three
    ]


def test_the_decision_at_the_end_is_the_networks_prediction(network, images):
    decisions = decide(network, images, [N_STEPS], [])
    predictions, n_spikes, _ = network.predict_samples(images, 0, len(images))
    np.testing.assert_array_equal(decisions.predictions[:, 0], predictions)
    of_neurons = decisions.spikes[:, 0] - decisions.input_spikes[:, 0]
    np.testing.assert_array_equal(of_neurons, n_spikes.sum(axis=1))


def test_rows_of_decisions():
    """Three images, right class 2; by time 5, by T = 9, and by a margin of 3."""
    predictions = np.array([[2, 2, 2], [2, 1, 2], [0, 2, 2]])
    spikes = np.array([[10, 20, 12], [10, 20, 15], [10, 20, 18]])
    zero = np.zeros((3, 3), dtype=np.int64)
    leads = np.array([[0, 1, 3], [0, 1, 3], [0, 1, 2]])
    active = np.array([[0, 1, 3], [0, 1, 3], [2, 1, 4]])
    decisions = Decisions(predictions, zero, spikes, zero, zero, zero, leads, active)
    rows = decision_rows(decisions, [2, 2, 2], [5, 9], [3])
    found = {(row["stop"], row["value"], row["quantity"]): row for row in rows}
    assert found["time", 5, "error"]["mean"] == pytest.approx(1 / 3)
    assert found["time", 9, "error_difference"]["mean"] == 0
    difference = found["time", 5, "error_difference"]  # 0, -1, 1
    assert difference["mean"] == 0
    assert difference["standard_error"] == pytest.approx(1 / np.sqrt(3))
    assert found["margin", 3, "error_difference"]["mean"] == pytest.approx(-1 / 3)
    assert found["margin", 3, "spikes"]["mean"] == 15
    assert found["margin", 3, "spikes"]["standard_error"] == pytest.approx(np.sqrt(3))
    assert found["time", 5, "silent"]["mean"] == pytest.approx(2 / 3)
    assert found["time", 5, "active_outputs"]["mean"] == pytest.approx(2 / 3)
    assert found["margin", 3, "active_outputs"]["mean"] == pytest.approx(10 / 3)
    assert found["margin", 3, "undecided"]["mean"] == pytest.approx(1 / 3)
    assert ("time", 5, "undecided") not in found


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    # The roots of (share - p)^2 = z^2 p (1 - p) / n: 0, z^2 / (n + z^2) for a share of 0.
    [
        (0, 10, 0, 0.2775),
        (1, 10, 0.7225, 1),
        (0.5, 10, 0.2366, 0.7634),
        (0.09, 10_000, 0.0845, 0.0958),
    ],
)
def test_wilsons_interval(share, n, low, high):
    found = wilson_interval(share, n)
    assert found == pytest.approx((low, high), abs=5e-5)
    for p in found:
        assert (share - p) ** 2 == pytest.approx(1.96**2 * p * (1 - p) / n, rel=1e-3, abs=1e-12)


def seed_file(path, seed, mean, **changed):
    row = dict(
        network="t_9", n_steps=9, threshold_hidden=20, threshold_output=15, table="a", seed=seed,
        n_train=5, n_test=100, epochs=1, diverged=0, stop="time", value=9, quantity="error",
        mean=mean, standard_error=0.03,
    )  # fmt: skip
    other = row | dict(quantity="spikes", mean=40 + seed, standard_error=float(seed))
    pd.DataFrame([row | changed, other | changed], columns=COLUMNS).to_csv(path, index=False)
    return path


def test_a_summary_over_seeds(tmp_path):
    files = [seed_file(tmp_path / f"{seed}.csv", seed, 0.1 * seed) for seed in (1, 3)]
    summarise_early_decision(files, out=tmp_path / "cost.csv")
    rows = pd.read_csv(tmp_path / "cost.csv").set_index("quantity")
    error, spikes = rows.loc["error"], rows.loc["spikes"]
    assert error["mean"] == pytest.approx(0.2)
    assert (error["low"], error["high"]) == pytest.approx(wilson_interval(0.2, 100))
    assert (error["smallest_seed"], error["largest_seed"]) == pytest.approx((0.1, 0.3))
    assert (spikes["mean"], spikes["n_seeds"], spikes["at_end"]) == (42, 2, 1)
    assert (spikes["low"], spikes["high"]) == pytest.approx(
        (42 - 2 * 1.96, 42 + 2 * 1.96), rel=1e-4
    )


def test_a_diverged_seed_is_counted_and_kept_with_the_others(tmp_path):
    files = [
        seed_file(tmp_path / "1.csv", 1, 0.1),
        seed_file(tmp_path / "2.csv", 2, 0.9, diverged=1, epochs=0),
    ]
    summarise_early_decision(files, out=tmp_path / "cost.csv")
    rows = pd.read_csv(tmp_path / "cost.csv")
    assert list(rows["n_diverged"]) == [1, 1] and list(rows["n_seeds"]) == [2, 2]


def test_a_seed_without_a_mean_is_refused(tmp_path):
    path = seed_file(tmp_path / "1.csv", 1, np.nan)
    with pytest.raises(ResultsError, match="lacks a mean"):
        summarise_early_decision([path], out=tmp_path / "cost.csv")
    assert not (tmp_path / "cost.csv").exists()


def test_networks_are_trained_and_measured(tmp_path, images):
    labels = (np.arange(12) % 10).astype(np.uint8)
    digits = Digits("invented", images, labels, images[:6], labels[:6])
    shared = arm(n_train=12, n_test=6, table=dict(grid=20))
    settings = EarlyDecisionSettings(
        arm="a", networks={"short": dict(n_steps=40, threshold_output=2), "long": dict(n_steps=70)},
        epochs=2, seeds=[3], times=[10, 40, 500], margins=[1], n_test=5,
    )  # fmt: skip
    networks = Networks({"a": shared}, HIDDEN, [table(), table()], digits)
    said = []
    for name in ("first.csv", "again.csv"):
        measure_early_decision(networks, settings, 3, out=tmp_path / name, say=said.append)
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()
    frame = pd.read_csv(tmp_path / "first.csv")
    assert list(frame.columns) == COLUMNS
    assert len(said) == 2 * 2 * 2
    timed = frame[(frame["quantity"] == "latency") & (frame["stop"] == "time")]
    # A time beyond T is none of its network's; T is, once.
    assert list(timed.loc[timed["network"] == "short", "mean"]) == [10, 40]
    assert list(timed.loc[timed["network"] == "long", "mean"]) == [10, 40, 70]
    assert (timed["mean"] == timed["value"]).all()
    first = frame.iloc[0]
    assert (first["n_train"], first["n_test"], first["epochs"]) == (12, 5, 2)
    assert (first["threshold_hidden"], first["threshold_output"]) == (2, 2)
    error = frame[(frame["quantity"] == "error") & (frame["network"] == "long")]
    told = float(said[3].split("test error ")[1].split(" %")[0])
    at_end = error[(error["stop"] == "time") & (error["value"] == 70)]["mean"].item()
    assert 100 * at_end == pytest.approx(told, abs=0.005)


@pytest.mark.parametrize(("n_steps", "starts"), [(50, False), (104, False), (105, True)])
def test_a_silent_label_gets_no_gradient_below_105_steps(n_steps, starts, images):
    """What docs/early_decision.md says of these T, the label's weights included."""
    model = arm(n_steps=n_steps, threshold_output=1e6, regularisation=0)
    network = build_network(model, HIDDEN, table(), 3, N_PIXELS)
    label = 4
    network.train_sample(images[0], 0, label)
    hidden, output = network.layers[1], network.layers[2]
    assert hidden.trains.counts.sum() > 0 and output.trains.counts.sum() == 0
    assert np.any(output.first_moments[:, label] != 0) == starts
    assert not np.any(np.delete(output.first_moments, label, axis=1))


def test_a_network_is_the_arm_but_for_what_it_names():
    shared = arm(table=dict(grid=100, spsp="unblocked", tau_m=32))
    settings = EarlyDecisionSettings(
        arm="a", networks={"x": dict(n_steps=80), "y": dict(n_steps=80, table_steps=400)}
    )
    found = network_arm(shared, settings, "x")
    assert found.simulated_table().key == "unblocked-m32-s8-r2-t80-g20"
    assert (found.threshold_hidden, found.n_steps) == (2, 80)
    other = network_arm(shared, settings, "y")
    assert other.simulated_table().key == "unblocked-m32-s8-r2-t400-g100"
    assert other.n_steps == 80


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (dict(arm="nobody"), "`early_decision` names the unknown arm 'nobody'"),
        (dict(networks=dict(a=dict(n_steps=30))), "early_decision.networks.a.n_steps"),
        (dict(margins=[3, 3]), "no value may be listed twice"),
    ],
)
def test_mistakes_in_the_settings_end_in_one_sentence(root, changed, words):
    config = read_config(root / "config" / "config.yaml")
    config["early_decision"] = config["early_decision"] | changed
    said = refusal(lambda: load_study(config, "here"), SettingsError)
    assert re.search(words, said)


def test_an_arm_with_a_table_file_shares_the_rest(root, tmp_path):
    (tmp_path / "a.txt").write_text("1 2 3 4 5\n")
    config = read_config(root / "config" / "config.yaml")
    before = load_study(config, "here")
    expected = before.early_decision.table_keys(before.all_arms)
    config["arms"]["strsbp"] = config["arms"]["strsbp"] | {"table": {"file": "a.txt"}}
    after = load_study(config, "here", directory=tmp_path)
    assert after.early_decision.table_keys(after.all_arms) == expected
