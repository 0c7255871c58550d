"""Accuracy against cost: decisions and their cost from spike trains, intervals and tables."""

import numpy as np
import pandas as pd
import pytest
import small_networks
from numpy.lib.recfunctions import structured_to_unstructured
from small_networks import HIDDEN, N_PIXELS, table

from strsbp.data import Digits
from strsbp.network import build_network
from strsbp.study.experiments.early_decision.measure import (
    COLUMNS,
    DECISION,
    decide_one,
    decision_rows,
    fan_outs,
    measure_early_decision,
)
from strsbp.study.experiments.early_decision.settings import EarlyDecisionSettings
from strsbp.study.experiments.early_decision.summarise import summarise_early_decision
from strsbp.study.inputs import Networks

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

    `operations`: those of a spike of each neuron. Returns (rules, fields) as in `DECISION`.
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
                np.argmax(counts[t - 1]), leads[t - 1], t,
                sum(spikes[:t].sum() for spikes in per_step), per_step[0][:t].sum(),
                sum(cost[:t].sum() for cost in costs), costs[0][:t].sum(),
                np.sum(counts[t - 1] > 0),
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
        found = np.zeros(8, dtype=DECISION)
        decide_one(
            network.inputs.arrays, network.arrays, operations, times, margins,
            np.zeros(10, dtype=np.int64), found,
        )  # fmt: skip
        expected = dense_decisions(trains, dense_fan_outs(network), TIMES, MARGINS)
        np.testing.assert_array_equal(structured_to_unstructured(found), expected)


def test_rows_of_decisions():
    """Three images, right class 2; by time 5, by T = 9, and by a margin of 3."""
    decisions = np.zeros((3, 3), dtype=DECISION)
    decisions["prediction"] = [[2, 2, 2], [2, 1, 2], [0, 2, 2]]
    decisions["spikes"] = [[10, 20, 12], [10, 20, 15], [10, 20, 18]]
    decisions["lead"] = [[0, 1, 3], [0, 1, 3], [0, 1, 2]]
    decisions["active_outputs"] = [[0, 1, 3], [0, 1, 3], [2, 1, 4]]
    rows = decision_rows(decisions, [2, 2, 2], [5, 9], [3])
    found = {(row["stop"], row["value"], row["quantity"]): row for row in rows}
    assert found["time", 5, "error"]["mean"] == pytest.approx(1 / 3)
    assert found["time", 9, "error_difference"]["mean"] == 0
    assert found["time", 5, "error_difference"]["mean"] == 0  # 0, -1, 1
    assert found["margin", 3, "error_difference"]["mean"] == pytest.approx(-1 / 3)
    assert found["margin", 3, "spikes"]["mean"] == 15
    assert found["time", 5, "silent"]["mean"] == pytest.approx(2 / 3)
    assert found["time", 5, "active_outputs"]["mean"] == pytest.approx(2 / 3)
    assert found["margin", 3, "active_outputs"]["mean"] == pytest.approx(10 / 3)
    assert found["margin", 3, "undecided"]["mean"] == pytest.approx(1 / 3)
    assert ("time", 5, "undecided") not in found


def test_intervals_are_over_seeds(tmp_path):
    known = dict(
        network="a", n_steps=40, threshold_hidden=2, threshold_output=2, table="t", n_train=12,
        n_test=5, epochs=2, stop="time", quantity="error",
    )  # fmt: skip
    for seed, diverged, mean in ((1, 0, 0.1), (2, 1, 0.2), (3, 0, 0.6)):
        run = known | dict(seed=seed, diverged=diverged, mean=mean)
        rows = [run | dict(value=value) for value in (10, 40)]
        pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / f"{seed}.csv", index=False)
    summarise_early_decision(sorted(tmp_path.glob("*.csv")), out=tmp_path / "out.csv")
    early, late = pd.read_csv(tmp_path / "out.csv").to_dict("records")
    assert (early["at_end"], late["at_end"]) == (0, 1)
    assert (late["n_seeds"], late["n_diverged"]) == (3, 1)
    spread = 4.302653 * np.std([0.1, 0.2, 0.6], ddof=1) / np.sqrt(3)  # t of 2 degrees, 97.5 %
    assert [late["mean"], late["high"]] == pytest.approx([0.3, 0.3 + spread], rel=1e-6)


def test_networks_are_trained_and_measured(tmp_path, images):
    labels = (np.arange(12) % 10).astype(np.uint8)
    digits = Digits("invented", images, labels, images[:6], labels[:6])
    shared = arm(n_train=12, n_test=5, table=dict(grid=20))
    settings = EarlyDecisionSettings(
        arm="a", networks={"short": dict(n_steps=40, threshold_output=2), "long": dict(n_steps=70)},
        epochs=2, seeds=[3], times=[10, 40, 500], margins=[1],
    )  # fmt: skip
    networks = Networks(settings.job_arms({"a": shared}), HIDDEN, [table(), table()], digits)
    said = []
    for name in ("first.csv", "again.csv"):
        measure_early_decision(
            networks, settings.times, settings.margins, 3, out=tmp_path / name, say=said.append
        )
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
