"""The CUDA kernels and their driver against the CPU engine and the float64 reference.

The kernels' source runs on the CPU, compiled with g++ (tests/cuda_host); with `-m gpu` and CuPy the
same tests run on a GPU. On the CPU every number is equal to the engine's, bit for bit; on a GPU the
spikes are, and the weights up to the last digit of the device's `exp`.
"""

import math

import numpy as np
import pytest
from test_engine import (
    ARCHITECTURES,
    FEEDFORWARD,
    N_CLASSES,
    N_INPUTS,
    RECURRENT,
    SQUARE,
    VARIANTS,
    random_separable,
    random_table,
    regularise,
)

from strsbp.cuda.driver import Replicas, bytes_per_replica
from strsbp.data import Digits
from strsbp.encoding import packed_trains
from strsbp.engine.adam import BETA_1, BETA_2
from strsbp.engine.network import Network
from strsbp.engine.state import Derivative
from strsbp.settings import LayerSettings, ModelSettings
from strsbp.training.epochs import epoch_order

N_TRAIN, N_TEST = 5, 3
GRADIENTS = [
    dict(),
    dict(gradient="strsbp_normalised"),
    dict(gradient="hm2bp_published", threshold_output=1.5),
]
"""Gradients without kernels of their own, and with; at threshold 1 the last one's lateral factor is
infinite where another class fires."""


@pytest.fixture(params=["stand-in", pytest.param("gpu", marks=pytest.mark.gpu)])
def xp(request):
    """The array module: the stand-in, or CuPy on a GPU."""
    return request.getfixturevalue("stand_in" if request.param == "stand-in" else "gpu")


def assert_same(actual, expected, xp, what):
    """Equal bits from the stand-in; from a GPU equal up to its `exp` (and what follows from it)."""
    if xp.__version__ == "stand-in":
        np.testing.assert_array_equal(actual, expected, err_msg=what)
    else:
        scale = float(np.nanmax(np.abs(expected), initial=0.0))
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6 * scale, err_msg=what)


def random_digits(seed, n_inputs=N_INPUTS, n_train=N_TRAIN, n_test=N_TEST):
    """Noise in which a third of the pixels is 0."""
    rng = np.random.default_rng(seed)

    def draw(n):
        images = rng.integers(0, 256, size=(n, n_inputs)) * (rng.random((n, n_inputs)) < 0.67)
        return images.astype(np.uint8), rng.integers(0, N_CLASSES, size=n).astype(np.uint8)

    return Digits("noise", *draw(n_train), *draw(n_test))


def make_networks(hidden, n=3, n_inputs=N_INPUTS, n_terms=None, **settings):
    """CPU networks that differ in their seeds alone, and their table.

    `n_terms`: terms of a separable table; None for polynomials.
    """
    model = ModelSettings(
        **{"threshold_hidden": 2.0, "threshold_output": 1.0, "regularisation": 10, **settings}
    )
    rng = np.random.default_rng(1)
    table = random_table(rng) if n_terms is None else random_separable(rng, n_terms, model.n_steps)
    derivative = Derivative(*table.terms(model.n_steps))
    seeds = [2**40 + 7 * k for k in range(n)]
    return [Network(model, hidden, derivative, s, n_inputs, N_CLASSES) for s in seeds], table


def unpacked(masks, n):
    """Bits of words (..., n_words) as bool (..., n)."""
    masks = np.ascontiguousarray(masks)
    return np.unpackbits(masks.view(np.uint8), axis=-1, bitorder="little")[..., :n].astype(bool)


def assert_equal_training(networks, digits, xp, n_epochs=1):
    """Train and evaluate both; all results and states agree. Returns the replicas and costs."""
    replicas = Replicas(networks, digits, xp)
    rng = np.random.default_rng(0)
    n_train = len(digits.train_labels)
    costs = []
    for epoch in range(n_epochs):
        boost = rng.uniform(1, 2, (len(networks), n_train))
        orders = np.stack([epoch_order(network.seed, epoch, n_train) for network in networks])
        predictions, found_costs, smallest = replicas.train(orders, boost, epoch)
        costs.append(found_costs)
        for r, network in enumerate(networks):
            expected = np.full(len(network.layers), np.inf, dtype=np.float32)
            for index in map(int, orders[r]):
                result = network.train_sample(
                    digits.train_images[index], index, int(digits.train_labels[index]),
                    boost[r, index], epoch,
                )  # fmt: skip
                assert (predictions[r, index], found_costs[r, index]) == (
                    result.prediction,
                    result.cost,
                )
                expected = np.minimum(expected, result.smallest)
            assert_same(smallest[r], expected, xp, f"replica {r}: smallest denominators")
    for r, (network, state) in enumerate(zip(networks, replicas.state(), strict=True)):
        assert set(state) == set(network.state())
        for name, array in network.state().items():
            assert state[name].dtype == array.dtype and state[name].shape == array.shape
            assert_same(state[name], array, xp, f"replica {r}: {name}")
    assert_equal_tests(networks, digits, replicas)
    return replicas, np.concatenate(costs)


def assert_equal_tests(networks, digits, replicas):
    """Predictions, counts and (of the last image) spikes of the test images are identical."""
    predictions, totals, silent = replicas.evaluate()
    for r, network in enumerate(networks):
        for index, image in enumerate(digits.test_images):
            assert predictions[r, index] == network.predict(image, index)
            for k, layer in enumerate(network.layers):
                counts = layer.trains.counts[: layer.n_neurons]
                assert totals[r, index, k] == counts.sum()
                assert silent[r, index, k] == np.sum(counts == 0)
        for k, layer in enumerate(network.layers):
            n, dense = layer.n_neurons, layer.trains.to_dense()[:, : layer.n_neurons]
            by_step = unpacked(replicas.arrays[f"{k}/step_mask"].get()[r], n)
            np.testing.assert_array_equal(by_step, dense)
            by_neuron = unpacked(replicas.arrays[f"{k}/neuron_mask"].get()[r, :n], len(dense))
            np.testing.assert_array_equal(by_neuron.T, dense)


@pytest.mark.parametrize("n_steps", [50, 150])
def test_ready_spike_trains_equal_the_engine(xp, n_steps):
    # Trains of 100 steps, which a shorter network cuts off.
    networks, _ = make_networks([FEEDFORWARD], n=2, n_steps=n_steps)
    rng = np.random.default_rng(2)
    n = N_TRAIN + N_TEST
    events = np.nonzero(rng.random((n, N_INPUTS, 100)) < 0.3)
    trains = packed_trains(events, (n, N_INPUTS, 100))
    labels = rng.integers(0, N_CLASSES, n).astype(np.uint8)
    digits = Digits(
        "trains", trains[:N_TRAIN], labels[:N_TRAIN], trains[N_TRAIN:], labels[N_TRAIN:],
        n_steps=100,
    )  # fmt: skip
    _, costs = assert_equal_training(networks, digits, xp)
    assert costs.any() and networks[0].inputs.counts.sum() > 0


@pytest.mark.parametrize(("architecture", "adjoint", "reservoir"), VARIANTS)
def test_architectures_equal_the_engine(architecture, adjoint, reservoir, xp):
    networks, _ = make_networks(
        ARCHITECTURES[architecture], n_steps=77, adjoint=adjoint, reservoir=reservoir
    )
    replicas, costs = assert_equal_training(networks, random_digits(1), xp, n_epochs=2)
    assert (costs > 0).any()
    counts = [replicas.arrays[f"{k}/counts"].get() for k in range(len(replicas.layers))]
    assert all((layer > 0).any() for layer in counts), "a network in which every layer fires"


@pytest.mark.parametrize("n_terms", [1, 8])
def test_separable_derivatives_equal_the_engine(n_terms, xp):
    networks, _ = make_networks([SQUARE, RECURRENT], n=2, n_terms=n_terms, n_steps=90)
    assert_equal_training(networks, random_digits(4), xp)


@pytest.mark.parametrize(
    ("gradient", "ablated_layers", "adjoint", "reservoir"),
    [
        ("hm2bp", "feedforward", "derived", "derived"),
        ("hm2bp", "all", "derived", "derived"),
        ("hm2bp", "all", "derived", "published"),
        ("hm2bp", "all", "published", "derived"),
        ("hm2bp", "all", "published", "published"),
        ("hm2bp_weights", "feedforward", "derived", "derived"),
        ("hm2bp_weights", "all", "derived", "derived"),
    ],
)
def test_ablations_equal_the_engine(gradient, ablated_layers, adjoint, reservoir, xp):
    networks, _ = make_networks(
        [SQUARE, RECURRENT], n=2, n_steps=90, gradient=gradient, ablated_layers=ablated_layers,
        adjoint=adjoint, reservoir=reservoir,
    )  # fmt: skip
    assert_equal_training(networks, random_digits(2), xp)


def silence(networks, digits):
    """Silence two neurons of every layer, and so some of the training labels."""
    n_silent = 0
    for network in networks:
        for layer in network.layers:
            layer.weights[:, :2] -= 1.0
            layer.refresh_sums()
        for index, label in enumerate(digits.train_labels):
            network.encode(digits.train_images[index], index)
            network.forward()
            n_silent += network.layers[-1].trains.counts[label] == 0
    assert 0 < n_silent < digits.train_labels.size * len(networks)


LOGGED = dict(divide_by_threshold=False, step_rule="logged", cost="repaired")


@pytest.mark.parametrize(
    ("hidden", "settings"),
    [
        ([SQUARE, RECURRENT], LOGGED),
        ([SQUARE, RECURRENT], dict(error_gain=(0.5, 3.0, 2.0))),
        ([SQUARE, RECURRENT], dict(gradient="strsbp_normalised")),
        ([SQUARE, RECURRENT], dict(gradient="hm2bp_published")),
        ([FEEDFORWARD, SQUARE], dict(gradient="strsbp_normalised", n_steps=120) | LOGGED),
        ([FEEDFORWARD, SQUARE], dict(gradient="hm2bp_published", n_steps=120) | LOGGED),
    ],
)
def test_options_equal_the_engine(hidden, settings, xp):
    # At 60 steps a repaired label counts so many spikes that they, too, have a cost.
    networks, _ = make_networks(hidden, n=2, **dict(n_steps=60, threshold_output=1.5) | settings)
    digits = random_digits(17)
    silence(networks, digits)
    assert_equal_training(networks, digits, xp, n_epochs=2)
    assert all(network.first_layer_not_finite() is None for network in networks)


@pytest.mark.parametrize(
    ("n_steps", "refractory_steps"), [(35, 0), (35, 5), (60, 1), (129, 1), (129, 5)]
)
def test_a_repaired_label_equals_the_engine(n_steps, refractory_steps, xp):
    # At 35 and 60 steps the regular train is denser than the refractory period allows.
    networks, _ = make_networks(
        [SQUARE, RECURRENT], n=2, n_steps=n_steps, refractory_steps=refractory_steps
    )
    for network in networks:
        output = network.layers[-1]
        output.weights -= 1.0 * (output.weights != 0)
        output.refresh_sums()
    _, costs = assert_equal_training(networks, random_digits(3), xp)
    assert (costs >= 35**2).any(), "a silent label"


@pytest.mark.parametrize("gradient", GRADIENTS, ids=["strsbp", "normalised", "hm2bp"])
def test_sizes_beyond_one_list_and_one_block(gradient, xp):
    # More than 1,024 inputs, more than 128 neurons, more than 1,024 steps.
    networks, _ = make_networks(
        [LayerSettings(kind="feedforward", size=141), LayerSettings(kind="feedforward", size=9)],
        n=1, n_inputs=2050, n_steps=41, threshold_hidden=20.0, **gradient,
    )  # fmt: skip
    assert_equal_training(networks, random_digits(5, n_inputs=2050, n_train=2), xp)
    networks, _ = make_networks(
        [LayerSettings(kind="feedforward", size=141)], n=1, n_steps=1101, **gradient
    )
    assert_equal_training(networks, random_digits(5, n_train=2), xp)


@pytest.mark.parametrize("gradient", GRADIENTS, ids=["strsbp", "normalised", "hm2bp"])
def test_more_neurons_than_threads(gradient, xp):
    networks, _ = make_networks(
        [LayerSettings(kind="feedforward", size=1030)], n=1, n_steps=36, **gradient
    )
    assert_equal_training(networks, random_digits(6, n_train=2, n_test=1), xp)


@pytest.mark.parametrize("gradient", GRADIENTS, ids=["strsbp", "normalised", "hm2bp"])
def test_without_error_only_the_regulariser_acts_in_that_replica(gradient, xp):
    networks, _ = make_networks([SQUARE, RECURRENT], n_steps=77, **gradient)
    digits = random_digits(9)
    replicas = Replicas(networks, digits, xp)
    label, image = int(digits.train_labels[0]), digits.train_images[0]
    replicas.arrays["boost"].fill(1)
    rate = networks[0].model.learning_rate
    replicas.shared["steps"].fill(np.float32(rate / (1 - BETA_1)))
    replicas.shared["root_scales"].fill(np.float32(1 / math.sqrt(1 - BETA_2)))
    launches = list(replicas._train_launches())
    n_forward = 2 + len(replicas.layers)
    replicas.shared["position"].fill(0)
    replicas._run(launches[:n_forward])
    np.testing.assert_array_equal(replicas.arrays["has_error"].get(), 1)
    replicas.arrays["has_error"].set(np.array([1, 0, 1], dtype=np.int32))
    replicas._run(launches[n_forward:])
    for r, network in enumerate(networks):
        if r == 1:
            network.encode(image, 0)
            network.forward()
            regularise(network)
        else:
            network.train_sample(image, 0, label)
        for name, array in replicas.state()[r].items():
            if name != "n_updates":
                assert_same(array, network.state()[name], xp, f"replica {r}: {name}")


def test_an_ill_conditioned_system_falls_back_to_elimination(xp):
    networks, _ = make_networks([SQUARE, RECURRENT], n=2, n_steps=77, threshold_hidden=1.0)
    recurrent = networks[1].layers[1]
    recurrent.rec_weights *= 60
    recurrent.refresh_sums()
    replicas, _ = assert_equal_training(networks, random_digits(10, n_train=1), xp)
    np.testing.assert_array_equal(replicas.arrays["1/failed"].get(), [0, 1])


@pytest.mark.parametrize("gradient", GRADIENTS, ids=["strsbp", "normalised", "hm2bp"])
def test_a_weight_that_is_not_a_number_spoils_its_replica_alone(gradient, xp):
    networks, _ = make_networks([SQUARE, RECURRENT], n_steps=60, **gradient)
    networks[1].layers[1].weights[3, 4] = np.nan
    networks[1].layers[1].refresh_sums()
    assert_equal_training(networks, random_digits(11, n_train=3), xp)
    assert networks[1].first_layer_not_finite() is not None
    assert networks[0].first_layer_not_finite() is networks[2].first_layer_not_finite() is None


def test_replicas_of_different_age_are_refused(stand_in):
    networks, _ = make_networks([SQUARE], n=2, n_steps=60)
    networks[1].n_updates = 3
    with pytest.raises(ValueError, match="same number of updates"):
        Replicas(networks, random_digits(13), stand_in)


def test_the_documented_memory_of_a_replica(root):
    hidden = [
        LayerSettings(kind="feedforward", size=400),
        LayerSettings(kind="recurrent", shape=(5, 5, 16)),
    ]
    text = (root / "docs" / "maintainers.md").read_text(encoding="utf-8")
    sizes = []
    for n_train in (10_000, 60_000):
        for reservoir in ("published", "derived"):
            network = Network(ModelSettings(reservoir=reservoir), hidden, np.ones((100, 4)), 1)
            sizes.append(bytes_per_replica([network], n_train, 10_000))
    assert f"takes {min(sizes) / 1e6:.0f} to {max(sizes) / 1e6:.0f} MB" in text
