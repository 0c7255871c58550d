"""The network that BPTT trains, and its training; needs the extra `bptt`."""

import json

import numpy as np
import pandas as pd
import pytest
import small_networks

torch = pytest.importorskip("torch", reason="the extra bptt is not installed")
pytest.importorskip("snntorch", reason="the extra bptt is not installed")

from strsbp.data import load_dataset  # noqa: E402
from strsbp.encoding import TRAIN_SPLIT, Encoder  # noqa: E402
from strsbp.engine.network import Network  # noqa: E402
from strsbp.settings import ArmSettings, LayerSettings  # noqa: E402
from strsbp.study.experiments.bptt import measure as bptt  # noqa: E402
from strsbp.study.experiments.bptt.settings import TIME_COLUMNS, BpttTraining  # noqa: E402
from strsbp.study.experiments.bptt.summarise import summarise_bptt  # noqa: E402
from strsbp.study.experiments.bptt.times import ROUNDS, measure_times  # noqa: E402
from strsbp.study.inputs import Networks  # noqa: E402

HIDDEN = [
    LayerSettings(kind="feedforward", size=12),
    LayerSettings(kind="recurrent", shape=(2, 2, 3)),
]
ARM = ArmSettings(
    title="a", n_steps=60, tau_m=20, tau_s=4, threshold_hidden=2, threshold_output=1, n_train=20,
    n_test=10,
)  # fmt: skip
SETTINGS = BpttTraining(epochs=2, batch_size=7, learning_rate=0.01)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The threads of tiny products only wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits():
    """Two digits of each class, and one to test."""
    whole = load_dataset("mnist5k")
    order = np.concatenate([np.flatnonzero(whole.train_labels == k)[:2] for k in range(10)])
    test = np.concatenate([np.flatnonzero(whole.test_labels == k)[:1] for k in range(10)])
    return type(whole)(
        "few", whole.train_images[order], whole.train_labels[order], whole.test_images[test],
        whole.test_labels[test],
    )  # fmt: skip


def network(arm=ARM, seed=3):
    return Network(arm, HIDDEN, np.zeros((1, 4)), seed)


def test_weights_are_those_of_the_arms_network_over_its_thresholds():
    engine = network()
    module = bptt.SurrogateNetwork(engine, SETTINGS)
    for layer, linear, threshold in zip(engine.layers, module.weights, (2, 2, 1), strict=True):
        found = linear.weight.detach().numpy()
        assert found.shape == (layer.n_neurons, layer.n_inputs)
        assert found[2, 5] == pytest.approx(layer.weights[5, 2] / threshold)
    reservoir = engine.layers[1]
    found = module.neurons[1].recurrent.weight.detach().numpy()
    assert np.count_nonzero(found) == reservoir.rec_weights.size > 0
    pre, post = reservoir.rec_pre[0], reservoir.rec_post[0]
    assert found[post, pre] == pytest.approx(reservoir.rec_weights[0] / 2)


def by_hand(engine, spikes):
    """The recursions of the module's docstring, (T, batch, inputs) to (T, batch, classes)."""
    model = engine.model
    for layer in engine.layers:
        weights = bptt.feedforward_weights(layer)
        recurrent = (
            bptt.recurrent_weights(layer)[0] if layer.recurrent else 0 * np.eye(len(weights))
        )
        a = v = last = np.zeros((spikes.shape[1], len(weights)))
        fired = []
        for now in spikes:
            a = (1 - 1 / model.tau_s) * a + (now @ weights.T + last @ recurrent.T) / model.tau_s
            v = np.where(last > 0, 0, (1 - 1 / model.tau_m) * v + a)  # held at 0 after a spike
            last = (v > 1).astype(float)
            fired.append(last)
        spikes = np.array(fired)
    return spikes


def test_spikes_follow_the_recursions(digits):
    engine = network()
    training = bptt.Training(engine, digits, SETTINGS)
    inputs = training._encode(digits.train_images, np.arange(6), TRAIN_SPLIT)
    with torch.no_grad():
        found = training.module(inputs).numpy()
    expected = by_hand(engine, inputs.numpy().astype(float))
    assert expected.any(), "the outputs are silent and show nothing"
    assert np.mean(found != expected) < 1e-3  # a rounding at the threshold moves a spike


def test_inputs_are_the_spikes_of_the_other_methods(digits):
    training = bptt.Training(network(seed=5), digits, SETTINGS)
    found = training._encode(digits.train_images, np.array([4, 1]), TRAIN_SPLIT).numpy()
    encoder = Encoder(5, TRAIN_SPLIT, ARM.n_steps)
    for place, index in enumerate((4, 1)):
        np.testing.assert_array_equal(
            found[:, place], encoder.encode(digits.train_images[index], index)
        )


@pytest.mark.parametrize("n_steps", [60, 400, 401, 977])
def test_the_loss_is_that_of_the_studys_target_counts(n_steps):
    spikes = torch.zeros(n_steps, 1, 10)
    spikes[:5] = 1
    spikes[:35, 0, 3] = 1
    loss = bptt._count_loss(n_steps)
    assert float(loss(spikes, torch.tensor([3]))) == 0
    # A spike too many of one of ten neurons: 1/10, which the library divides by the steps.
    spikes[40, 0, 7] = 1
    assert float(loss(spikes, torch.tensor([3]))) == pytest.approx(0.1 / n_steps)


def test_the_class_is_the_first_with_the_most_spikes():
    spikes = torch.zeros(4, 2, 10)
    spikes[0, 0, 2] = spikes[1, 0, 6] = 1
    assert bptt._classes(spikes).tolist() == [2, 0]


def test_training_lowers_the_loss_and_makes_no_connections(digits):
    engine = network()
    training = bptt.Training(engine, digits, SETTINGS)
    exists = bptt.recurrent_weights(engine.layers[1])[1]
    before = training.module.neurons[1].recurrent.weight.detach().numpy().copy()
    losses = [training.train_epoch(epoch)[1] for epoch in range(6)]
    assert losses[-1] < 0.7 * losses[0]
    after = training.module.neurons[1].recurrent.weight.detach().numpy()
    assert (after[exists] != before[exists]).any()
    assert (after[~exists] == 0).all() and not exists.all()


def run(folder, digits, seed=3, arm=ARM, **settings):
    """Train by BPTT in `folder`; returns the files of metrics and provenance."""
    metrics = folder / f"seed{seed}.csv"
    bptt.run_bptt(
        Networks({"a": arm}, HIDDEN, [], digits), seed, SETTINGS.model_copy(update=settings),
        "test", metrics=metrics, provenance=metrics.with_suffix(".json"), progress=False,
    )  # fmt: skip
    return metrics, metrics.with_suffix(".json")


def test_a_run_repeats_itself_and_can_be_compared(digits, tmp_path):
    (tmp_path / "again").mkdir()
    metrics, provenance = run(tmp_path, digits)
    again, _ = run(tmp_path / "again", digits)
    assert metrics.read_bytes() == again.read_bytes()
    other, _ = run(tmp_path, digits, seed=4)
    assert metrics.read_bytes() != other.read_bytes()

    frame, document = pd.read_csv(metrics), json.loads(provenance.read_text())
    assert frame["epoch"].tolist() == [1, 2]
    assert len(document["cpu_seconds_per_epoch"]) == 2 and document["versions"]["snntorch"]
    arm = tmp_path / "arm.csv"
    arm.write_text("epoch,test_error,train_error,cost,diverged\n1,0.5,0.5,2,\n")
    known = dict(
        arm="a", seed=3, data=document["data"], seconds_per_epoch=[1.0],
        settings=dict(title="A", architecture="x", epochs=1),
    )  # fmt: skip
    arm.with_suffix(".json").write_text(json.dumps(known))
    out = tmp_path / "bptt.csv"
    summarise_bptt(
        strsbp=[arm], hm2bp=[arm], bptt=[metrics],
        settings=SETTINGS.model_dump(mode="json"), network=document["network"], out=out,
    )  # fmt: skip
    table = pd.read_csv(out)
    rows = table[(table["method"] == "bptt") & (table["quantity"] == "test_error")]
    assert rows["mean"].tolist() == pytest.approx(frame["test_error"].tolist())


def test_both_methods_are_timed_in_turn(digits, tmp_path):
    out = tmp_path / "times.csv"
    measure_times(Networks({"a": ARM}, HIDDEN, [small_networks.table()], digits), SETTINGS, out=out)
    frame = pd.read_csv(out)
    assert list(frame) == list(TIME_COLUMNS) and (frame["cpu_ms"] > 0).all()
    counted = frame.groupby(["state", "method", "flushed"]).size()
    assert len(counted) == 6 and (counted == ROUNDS).all()
    assert list(frame["method"][:3]) == ["strsbp", "bptt", "bptt"]
    # It leaves PyTorch as it was: subnormal numbers are kept.
    assert float(torch.tensor([1e-30]) * torch.tensor([1e-10])) > 0
