"""Epochs, boosting, metrics, checkpoints and runs on small networks."""

import dataclasses
import json
import subprocess

import numpy as np
import pytest
from small_networks import table

from strsbp.data import Digits
from strsbp.engine.network import Network
from strsbp.network import build_network, load_network, save_network
from strsbp.settings import ArmSettings, LayerSettings, ModelSettings
from strsbp.training import provenance
from strsbp.training.epochs import TrainingState, epoch_order, evaluate, train, train_epoch
from strsbp.training.run import metrics_csv, run_arm, run_hash, trouble

HIDDEN = [
    LayerSettings(kind="feedforward", size=18),
    LayerSettings(kind="recurrent", shape=(3, 3, 2)),
]
SMALL = dict(n_steps=60, threshold_hidden=2.0, threshold_output=2.0, regularisation=10)


def small_digits(n_train=40, n_test=20, seed=0):
    """Ten classes of images, each a bright bar on a noisy ground in the first 36 pixels."""
    rng = np.random.default_rng(seed)

    def draw(n):
        labels = rng.integers(10, size=n).astype(np.uint8)
        images = np.zeros((n, 784), dtype=np.uint8)
        images[:, :36] = rng.integers(0, 40, size=(n, 36))
        for image, label in zip(images, labels, strict=True):
            image[3 * label : 3 * label + 4] = 255
        return images, labels

    return Digits("mnist5k", *draw(n_train), *draw(n_test))


def small_network(seed=1, **settings):
    model = ModelSettings(**{**SMALL, **settings})
    return build_network(model, HIDDEN, table(), seed)


def test_a_network_learns():
    model = ModelSettings(n_steps=200, threshold_hidden=4, threshold_output=4, learning_rate=0.004)
    hidden = [
        LayerSettings(kind="feedforward", size=32),
        LayerSettings(kind="recurrent", shape=(4, 4, 2)),
    ]
    network = build_network(model, hidden, table(), seed=1)
    rows = train(network, small_digits(200, 100), epochs=4)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["train_error"] > 0.5
    assert rows[-1]["test_error"] < 0.15
    assert rows[-1]["cost"] < 0.4 * rows[0]["cost"]


def test_a_seed_repeats_its_metrics_and_another_does_not():
    digits = small_digits()
    first, again, other = (metrics_csv(train(small_network(s), digits, 2)) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_epoch_order():
    orders = [epoch_order(3, epoch, 100) for epoch in range(3)]
    for order in orders:
        assert sorted(order) == list(range(100))
    assert (orders[0] != orders[1]).any()
    np.testing.assert_array_equal(orders[1], epoch_order(3, 1, 100))
    assert (epoch_order(4, 1, 100) != orders[1]).any()
    # These orders made the committed results; another stream would change every run.
    assert list(epoch_order(3, 0, 10)) == [2, 8, 7, 0, 9, 1, 6, 5, 4, 3]
    assert list(epoch_order(3, 1, 10)) == [3, 7, 5, 8, 6, 1, 9, 0, 4, 2]
    assert list(epoch_order(3, 1, 10, "published")[:5]) == [7, 6, 9, 3, 4]


def test_boosting_follows_the_misclassified_samples():
    state = TrainingState.start(small_network(), small_digits())
    row = train_epoch(state)
    boosted = state.boost > 1
    assert boosted.mean() == pytest.approx(row["train_error"])
    assert state.boost[~boosted] == pytest.approx(1.0)
    labels = state.digits.train_labels
    for label in range(10):
        of_class = labels == label
        if of_class.any():
            share = boosted[of_class].mean()
            np.testing.assert_allclose(
                state.boost[of_class & boosted], np.exp(share / 20), rtol=1e-12
            )


def test_evaluation_counts_spikes_and_silence():
    network, digits = small_network(), small_digits()
    tested = evaluate(network, digits.test_images, digits.test_labels)
    counts = []
    for index, image in enumerate(digits.test_images):
        network.predict(image, index)
        counts.append([layer.trains.counts[: layer.n_neurons].copy() for layer in network.layers])
    for k in range(3):
        of_layer = np.stack([sample[k] for sample in counts])
        assert tested.spike_counts[k] == pytest.approx(of_layer.mean())
        assert tested.silent_shares[k] == pytest.approx((of_layer == 0).mean())
    predicted = np.array([sample[2].argmax() for sample in counts])
    assert tested.error == pytest.approx(np.mean(predicted != digits.test_labels))


def test_a_validation_set_is_rated_and_changes_nothing_else():
    plain, validated = (small_digits().first(20, 12, n) for n in (0, 8))
    network = small_network()
    row = train_epoch(TrainingState.start(network, validated))
    wrong = [
        network.predict(image, 12 + k) != label
        for k, (image, label) in enumerate(
            zip(small_digits().train_images[-8:], small_digits().train_labels[-8:], strict=True)
        )
    ]
    assert row.pop("validation_error") == np.mean(wrong)
    assert row == train_epoch(TrainingState.start(small_network(), plain))


def overflow_regulariser(network):
    """Weights of the first layer at which a factor of the regulariser overflows, tiny ones too."""
    layer = network.layers[0]
    layer.weights[:, 3] = 600
    layer.weights[::2, 3] = 1e-30
    layer.refresh_sums()


def divide_lateral_by_zero(network):
    """Let classes 0 to 3 alone fire: with threshold 1, a silent label's factor is 1 / (1 - 1)."""
    layer = network.layers[-1]
    layer.weights[:, :10] = -1
    layer.weights[:, :4] = 1
    layer.refresh_sums()


OVERFLOWS = [(overflow_regulariser, "feedforward1"), (divide_lateral_by_zero, "output3")]
"""What spoils a network, and the layer that a run then names after one sample."""


def digits_of_silent_label():
    """One training image, of a class that `divide_lateral_by_zero` silences."""
    digits = small_digits()
    first = np.flatnonzero(digits.train_labels >= 4)[:1]
    return dataclasses.replace(
        digits, train_images=digits.train_images[first], train_labels=digits.train_labels[first]
    )


@pytest.mark.parametrize(("spoil", "layer"), OVERFLOWS)
def test_a_number_that_overflows_ends_a_run_as_diverged(spoil, layer):
    network = small_network(threshold_output=1.0)
    spoil(network)
    rows = train(network, digits_of_silent_label(), 3)
    assert [row["diverged"] for row in rows] == [layer]
    assert trouble(rows[-1]).startswith("diverged in epoch 1: ") and layer in trouble(rows[-1])


def test_save_and_load_continue_bit_for_bit(tmp_path):
    digits = small_digits()
    network = small_network()
    train(network, digits, 1)
    save_network(tmp_path / "network.npz", network)
    loaded = load_network(tmp_path / "network.npz")
    for each in (network, loaded):
        each.train_sample(digits.train_images[0], 0, 3)
    for name, array in network.state().items():
        np.testing.assert_array_equal(array, loaded.state()[name], err_msg=name)


def arm(**settings):
    return ArmSettings(
        **{"title": "small", "dataset": "mnist5k", "n_train": 40, "n_test": 20, "epochs": 3}
        | SMALL
        | settings
    )


def run(folder, digits=None, seed=5, progress=False, **settings):
    run_arm(
        arm(**settings), HIDDEN, table(), digits or small_digits(), seed, name="small",
        metrics_path=folder / "seed5.csv", provenance_path=folder / "seed5.json",
        checkpoint_path=folder / "seed5.ckpt.npz", profile="test",
        table_source={"key": "none", "sha256": "none"}, progress=progress,
    )  # fmt: skip
    return (folder / "seed5.csv").read_bytes()


def test_trouble_is_reported_on_the_terminal(tmp_path, capsys):
    run(tmp_path, progress=True, threshold_output=1e6)
    assert "small seed 5 ended with a silent layer" in capsys.readouterr().err


def test_a_checkpoint_is_for_one_set_of_settings_layers_table_images_and_seed():
    digits = small_digits()
    own = (arm(), HIDDEN, table(), digits, 5)
    others = [
        (arm(tau_m=32), *own[1:]), (own[0], HIDDEN[:1], *own[2:]), (*own[:2], table(2.0), *own[3:]),
        (*own[:3], digits.first(30, 20), 5), (*own[:4], 6),
    ]  # fmt: skip
    assert len({run_hash(*one) for one in (own, *others)}) == 6
    assert run_hash(arm(title="b", epochs=9, seeds=[1]), *own[1:]) == run_hash(*own)


def test_the_commit_of_a_run_and_whether_its_code_was_changed(monkeypatch):
    for changes, dirty in (("", False), ("1 .M N... a.py\n", True)):
        said = f"# branch.oid abc\n# branch.head main\n{changes}"
        done = subprocess.CompletedProcess([], 0, stdout=said)
        monkeypatch.setattr(provenance.subprocess, "run", lambda *a, done=done, **k: done)
        assert provenance.code_commit() == ("abc", dirty)


@pytest.mark.parametrize(
    ("thresholds", "layer"),
    [
        (dict(threshold_hidden=1e6), "feedforward1"),
        (dict(threshold_output=1e6), "output3"),
        ({}, ""),
    ],
)
def test_a_silent_layer_is_reported(thresholds, layer):
    model = ModelSettings(**SMALL | thresholds)
    network = build_network(model, HIDDEN, table(), 5, 784)
    warning = trouble(train(network, small_digits(), 1)[-1])
    assert (f"no neuron of {layer} fires" in warning) if layer else warning == ""


def test_run_writes_metrics_and_provenance(tmp_path):
    text = run(tmp_path).decode()
    header, *rows = text.splitlines()
    assert header == (
        "epoch,test_error,train_error,cost,"
        "spike_count_feedforward1,silent_share_feedforward1,smallest_denominator_feedforward1,"
        "spike_count_recurrent2,silent_share_recurrent2,smallest_denominator_recurrent2,"
        "spike_count_output3,silent_share_output3,smallest_denominator_output3,diverged"
    )
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3"]
    document = json.loads((tmp_path / "seed5.json").read_text())
    assert document["settings"] == arm(seeds=[5]).model_dump(mode="json")
    assert document["seed"] == 5 and len(document["seconds_per_epoch"]) == 3
    assert document["data"]["n_train"] == 40 and document["versions"]["numpy"] == np.__version__
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seed5.csv", "seed5.json"]


def test_a_stopped_run_resumes_to_the_same_metrics(tmp_path, monkeypatch):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    expected = run(whole)

    calls = 0

    def stop_in_second_epoch(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls > 4 + 2:  # blocks of 10 of 40 samples: in the midst of the second epoch
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    original = Network.train_samples
    monkeypatch.setattr(Network, "train_samples", stop_in_second_epoch)
    monkeypatch.setattr("strsbp.training.epochs.BLOCK", 10)
    with pytest.raises(KeyboardInterrupt):
        run(stopped)
    monkeypatch.undo()
    assert [path.name for path in stopped.iterdir()] == ["seed5.ckpt.npz"]
    assert run(stopped) == expected
    assert json.loads((stopped / "seed5.json").read_text())["resumed"] is True
