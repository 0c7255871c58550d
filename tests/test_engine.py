"""The float32 engine against the float64 reference: spikes, S-PSP, denominators, updates."""

import numpy as np
import pytest

from strsbp.engine import adjoint, denominators, passes
from strsbp.engine.network import Network
from strsbp.engine.state import TERMS, Derivative
from strsbp.errors import DataError, SettingsError
from strsbp.reference.backward import regularisation
from strsbp.reference.network import ReferenceLayer, ReferenceNetwork
from strsbp.settings import LayerSettings, ModelSettings
from strsbp.spsp.table import EffectRatioTable, SeparableTable

N_INPUTS, N_CLASSES = 37, 5
FEEDFORWARD = LayerSettings(kind="feedforward", size=29)
RECURRENT = LayerSettings(kind="recurrent", shape=(3, 3, 4))
# `adjoint: published` needs a recurrent layer as wide as the layer below it.
SQUARE = LayerSettings(kind="feedforward", size=36)

RTOL, ATOL = 2e-5, 2e-6
"""Float32 sums of some hundred terms against float64, at a condition number of 1."""
LARGEST_CONDITION = 300.0
"""Samples beyond this would compare rounding; the networks here stay below it."""


def random_table(rng, n_rows=20):
    """A table like the published ones, scaled to the small thresholds here."""
    rows = np.arange(1, n_rows + 1)[:, None]
    shape = np.array([-6e-8, 7e-6, -3.5e-4, 7e-3, 0.01])
    return EffectRatioTable(rows * shape * rng.uniform(0.5, 1.5, size=(n_rows, 5)))


def random_separable(rng, n_terms, n_steps, n_rows=20):
    """A table of as many terms, smooth in the output count and as large as `random_table`."""
    inputs = np.arange(1, n_rows + 1)[:, None] * rng.uniform(0.5, 1.5, size=(n_rows, n_terms))
    counts, rates = np.arange(n_steps + 1), rng.uniform(0.02, 0.2, size=(n_terms, 1))
    slopes = 0.01 * np.exp(-rates * counts) / n_terms
    return SeparableTable(inputs, -slopes / rates, slopes)


def make_pair(hidden, seed, table=None, **settings):
    """A network and the reference with the same weights."""
    model = ModelSettings(
        **{"threshold_hidden": 2.0, "threshold_output": 3.0, "regularisation": 10, **settings}
    )
    rng = np.random.default_rng(seed)
    if table is None:
        table = random_table(rng)
    derivative = Derivative(*table.terms(model.n_steps))
    network = Network(model, hidden, derivative, seed, N_INPUTS, N_CLASSES)
    reference = ReferenceNetwork([as_reference(layer) for layer in network.layers], table, model)
    return network, reference


def dense_recurrent(layer, values):
    n = layer.n_neurons
    dense = np.zeros((n, n))
    dense[layer.rec_post, layer.rec_pre] = values
    return dense


def as_reference(layer):
    """The reference's copy of an engine layer, with its moments."""
    n = layer.n_neurons
    kind = "output" if layer.output else "recurrent" if layer.recurrent else "feedforward"
    recurrent = {}
    if layer.recurrent:
        mask = dense_recurrent(layer, np.ones(layer.rec_post.size)).astype(bool)
        recurrent = dict(
            recurrent_weights=dense_recurrent(layer, layer.rec_weights), recurrent_mask=mask
        )
    copy = ReferenceLayer(kind, layer.weights[:, :n].T, float(layer.threshold), **recurrent)
    copy.first[...] = layer.first_moments[:, :n].T
    copy.second[...] = layer.second_moments[:, :n].T
    if layer.recurrent:
        copy.recurrent_first[...] = dense_recurrent(layer, layer.rec_first_moments)
        copy.recurrent_second[...] = dense_recurrent(layer, layer.rec_second_moments)
    return copy


def random_inputs(rng, n_steps):
    """Input trains with rates from 0 (several silent inputs) to 0.3, silent at t = 0."""
    rates = rng.uniform(0, 0.3, size=N_INPUTS) * (rng.random(N_INPUTS) < 0.8)
    spikes = rng.random((n_steps, N_INPUTS)) < rates
    spikes[0] = False
    return spikes


def assert_close(actual, expected, what, condition=1.0, scale=None):
    """Equal to RTOL * condition of the array's size, since its elements are cancelling sums."""
    assert condition < LARGEST_CONDITION, f"{what}: choose a better conditioned network"
    scale = np.abs(expected).max(initial=0.0) if scale is None else scale
    tolerance = RTOL * condition
    np.testing.assert_allclose(
        actual, expected, rtol=tolerance, atol=ATOL + tolerance * scale, err_msg=what
    )


def conditions(layers):
    """How much each layer's error is amplified: by its own denominators and those above it."""
    amplification, result = 1.0, []
    for computed in reversed(layers):
        own = 1 / min(1.0, np.abs(computed.s).min())
        if computed.system is not None:
            own = max(own, np.linalg.cond(computed.system))
        if computed.lateral is not None:
            own *= max(1.0, np.abs(computed.lateral).max())
        amplification *= own
        result.append(amplification)
    return result[::-1]


def compare_training(network, reference, n_samples=6, seed=0):
    """Train both on the same samples; return (repaired labels, samples with an error)."""
    rng = np.random.default_rng(seed)
    n_repaired = n_errors = 0
    for step in range(1, n_samples + 1):
        spikes = random_inputs(rng, network.model.n_steps)
        label, boost, epoch = int(rng.integers(N_CLASSES)), float(rng.uniform(1, 1.3)), step % 3
        # Start each step from equal state: what is compared is one step, not its echo.
        reference.layers = [as_reference(layer) for layer in network.layers]
        before = [layer.weights.copy() for layer in network.layers]
        network.inputs.set_dense(spikes)
        result = network.train_on_inputs(label, boost, epoch)
        expected = reference.train_sample(spikes, label, boost, epoch, step)

        assert result.prediction == expected.prediction
        assert result.cost == pytest.approx(expected.cost)
        has_error = bool(np.any(expected.errors))
        n_repaired += expected.repaired
        n_errors += has_error
        for layer, smallest, was, target, computed, condition in zip(
            network.layers, result.smallest, before, reference.layers, expected.layers,
            conditions(expected.layers), strict=True,
        ):  # fmt: skip
            n = layer.n_neurons
            where = f"step {step}, {layer.name}: "
            np.testing.assert_array_equal(
                layer.trains.to_dense()[:, :n], computed.spikes, err_msg=where + "spikes"
            )
            if has_error:
                if not (layer.arrays.ablates_weights and layer.arrays.ablates_back):
                    s = computed.s_error if layer.arrays.normalised else computed.s
                    assert_close(layer.denominators[:n], s, where + "denominators")
                    assert smallest == pytest.approx(np.abs(computed.s).min(), abs=1e-5)
                assert_close(layer.scaled_error[:n], computed.delta, where + "delta", condition)
                assert_close(spsp_of_inputs(network, layer), computed.e, where + "e")
                if layer.output:
                    assert_close(
                        layer.lateral[:n], computed.lateral, where + "lateral factor", condition
                    )
            assert_close(
                layer.first_moments[:, :n].T, target.first, where + "first moment", condition
            )
            assert_close(
                layer.second_moments[:, :n].T, target.second, where + "second moment", condition
            )
            # Compare steps, not the weights around them: a step is about the learning rate, and
            # the weights it is taken from are float32.
            rate = network.model.learning_rate
            assert_close(
                (layer.weights - was)[:, :n].T, target.weights - was[:, :n].T,
                where + "weight step", condition, 10 * rate,
            )  # fmt: skip
            assert not layer.weights[:, n:].any(), "padding must stay 0"
            if layer.recurrent:
                assert_close(
                    dense_recurrent(layer, layer.rec_first_moments), target.recurrent_first,
                    where + "recurrent first moment", condition,
                )  # fmt: skip
                assert_close(
                    dense_recurrent(layer, layer.rec_weights), target.recurrent_weights,
                    where + "recurrent weights", condition, 10 * rate,
                )  # fmt: skip
    return n_repaired, n_errors


def spsp_of_inputs(network, layer):
    """e_ij of the last sample, (n, m): 0 for inputs that did not spike."""
    position = network.layers.index(layer)
    trains = network.inputs if position == 0 else network.layers[position - 1].trains
    active = np.nonzero(trains.counts[: layer.n_inputs])[0]
    e = np.zeros((layer.n_neurons, layer.n_inputs))
    e[:, active] = layer.arrays.spsp[: active.size, : layer.n_neurons].T
    return e


def regularise(network):
    """An update without error: the first step of Adam at the learning rate 0.001.

    Returns the smallest |s_i| of each layer.
    """
    smallest = np.zeros(len(network.layers), dtype=np.float32)
    passes.backward_layers(
        network.inputs.arrays, network.arrays, network.derivative, False,
        np.float32(0.001 / 0.1), np.float32(1 / np.sqrt(0.001)), 0, smallest,
    )  # fmt: skip
    return smallest


ARCHITECTURES = {
    "feedforward": [FEEDFORWARD],
    "two-feedforward": [FEEDFORWARD, SQUARE],
    "recurrent-first": [RECURRENT],
    "feedforward-recurrent": [SQUARE, RECURRENT],
    "recurrent-recurrent": [RECURRENT, RECURRENT],
}
VARIANTS = [(name, both, both) for name in ARCHITECTURES for both in ("derived", "published")]
VARIANTS.append(("feedforward-recurrent", "derived", "published"))
VARIANTS.append(("feedforward-recurrent", "published", "derived"))
"""Architecture, adjoint and reservoir."""


@pytest.mark.parametrize(("architecture", "adjoint", "reservoir"), VARIANTS)
def test_training_equals_reference(architecture, adjoint, reservoir):
    network, reference = make_pair(
        ARCHITECTURES[architecture], seed=3, n_steps=120, adjoint=adjoint, reservoir=reservoir
    )
    _, n_errors = compare_training(network, reference)
    assert n_errors > 0


@pytest.mark.parametrize("n_terms", [1, 8])
def test_separable_derivatives_equal_reference(n_terms):
    table = random_separable(np.random.default_rng(n_terms), n_terms, n_steps=120)
    network, reference = make_pair([SQUARE, RECURRENT], seed=3, table=table, n_steps=120)
    _, n_errors = compare_training(network, reference)
    assert n_errors > 0
    for layer in network.layers:
        assert np.ptp(layer.denominators[: layer.n_neurons]) > 0.02, "the table acts"


@pytest.mark.parametrize(
    ("derivative", "words"),
    [
        (np.zeros((20, 3)), "4 terms has coefficients of shape"),
        (np.zeros((0, 4)), "one row per input count"),
        (Derivative(np.zeros((20, 2)), np.zeros((1, 121))), "1 terms has coefficients"),
        (Derivative(np.zeros((20, 9)), np.zeros((9, 121))), "at most 8"),
        (Derivative(np.zeros((20, 1)), np.zeros((1, 120))), "ends at the output count 119"),
    ],
)
def test_a_derivative_of_another_shape_is_refused(derivative, words):
    with pytest.raises(SettingsError, match=words):
        Network(ModelSettings(n_steps=120), [FEEDFORWARD], derivative, 1, N_INPUTS, N_CLASSES)


@pytest.mark.parametrize(
    ("gradient", "ablated_layers", "adjoint"),
    [
        ("hm2bp", "feedforward", "derived"),
        ("hm2bp", "all", "derived"),
        ("hm2bp", "all", "published"),
        ("hm2bp_weights", "feedforward", "derived"),
        ("hm2bp_weights", "all", "derived"),
        ("strsbp_normalised", "feedforward", "derived"),
        ("hm2bp_published", "feedforward", "derived"),
    ],
)
def test_ablations_equal_reference(gradient, ablated_layers, adjoint):
    network, reference = make_pair(
        [SQUARE, RECURRENT], seed=5, n_steps=120, gradient=gradient, ablated_layers=ablated_layers,
        adjoint=adjoint,
    )  # fmt: skip
    _, n_errors = compare_training(network, reference)
    assert n_errors > 0


@pytest.mark.parametrize(
    ("gradient", "hidden"),
    [
        ("strsbp", [SQUARE, RECURRENT]),
        ("strsbp_normalised", [FEEDFORWARD, SQUARE]),
        ("hm2bp_published", [SQUARE, RECURRENT]),
        ("hm2bp_published", [FEEDFORWARD, SQUARE]),
    ],
)
def test_gradients_without_division_by_the_threshold_equal_reference(gradient, hidden):
    network, reference = make_pair(
        hidden, seed=5, n_steps=120, gradient=gradient, divide_by_threshold=False,
        error_gain=(0.5, 3.0, 2.0), step_rule="logged", cost="repaired",
    )  # fmt: skip
    # Silent neurons in every layer, the label's among them, and inputs that no neuron hears.
    for layer in network.layers:
        layer.weights[:, :2] -= 1.0
        layer.refresh_sums()
    n_repaired, n_errors = compare_training(network, reference, n_samples=8)
    assert n_repaired > 0 and n_errors > n_repaired


def test_a_normalised_gradient_is_as_long_as_that_of_hm2bp():
    lengths = {}
    for gradient in ("strsbp", "strsbp_normalised", "hm2bp"):
        network, _ = make_pair(
            [FEEDFORWARD], seed=5, n_steps=120, gradient=gradient, regularisation=0.0
        )
        network.inputs.set_dense(random_inputs(np.random.default_rng(0), 120))
        network.train_on_inputs(1)
        lengths[gradient] = np.linalg.norm(network.layers[-1].first_moments)
    assert lengths["strsbp_normalised"] == pytest.approx(lengths["hm2bp"], rel=1e-5)
    assert abs(lengths["strsbp"] / lengths["hm2bp"] - 1) > 0.01


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(error_gain=(1.0, 2.0)), "2 factors, but the network has 3 layers"),
        (dict(gradient="hm2bp_published", ablated_layers="all"), "only for feed-forward layers"),
    ],
)
def test_settings_that_do_not_suit_the_layers_are_refused(settings, words):
    with pytest.raises(SettingsError, match=words):
        make_pair([SQUARE, RECURRENT], seed=1, **settings)


IMAGES = np.zeros((3, N_INPUTS), dtype=np.uint8)


@pytest.mark.parametrize(
    ("method", "arguments", "words"),
    [
        ("predict", (IMAGES[0] / 255, 0), "float64 of shape"),  # all pixels would be read as 0
        ("predict", (IMAGES, 0), "give uint8 of shape"),
        ("predict", (IMAGES[0, 1:], 0), "give uint8 of shape"),
        ("predict_samples", (IMAGES, 0, 4), "Images 0 to 3 were asked for, but there are 3"),
        ("train_samples", (IMAGES, [0, 1], [0, N_CLASSES], [1, 1]), "labels from 0 to"),
        ("train_sample", (IMAGES[0], 0, -1), "labels from -1 to -1"),
        ("train_samples", (IMAGES, [0, 1], [0], [1, 1]), "1 labels and 2 boosts for 2 samples"),
        ("train_samples", (IMAGES, [0, 1], [0, 1], [1]), "2 labels and 1 boosts for 2 samples"),
    ],
)
def test_samples_that_do_not_fit_are_refused(method, arguments, words):
    """Compiled code would read or write beyond the arrays."""
    network, _ = make_pair([FEEDFORWARD], seed=1)
    with pytest.raises(DataError, match=words):
        getattr(network, method)(*arguments)


@pytest.mark.parametrize(
    ("n_steps", "refractory_steps"), [(35, 0), (35, 5), (60, 1), (60, 2), (129, 5), (400, 2)]
)
def test_silent_label_is_repaired_as_in_reference(n_steps, refractory_steps):
    # At T = 35 and 60 the regular train is denser than the refractory period allows.
    network, reference = make_pair(
        [SQUARE, RECURRENT], seed=7, n_steps=n_steps, refractory_steps=refractory_steps,
        threshold_output=6.0,
    )  # fmt: skip
    output = network.layers[-1]
    output.weights -= 1.0 * (output.weights != 0)
    output.refresh_sums()
    n_repaired, _ = compare_training(network, reference, n_samples=4)
    assert n_repaired > 0


@pytest.mark.parametrize("tau_m, tau_s", [(10.0, 3.0), (128.0, 16.0)])
def test_time_constants_equal_reference(tau_m, tau_s):
    network, reference = make_pair([SQUARE, RECURRENT], 11, n_steps=150, tau_m=tau_m, tau_s=tau_s)
    compare_training(network, reference, n_samples=3)


def test_regulariser_of_large_weights_equals_reference():
    # Only with large weights does q_i, and so the divisor of a recurrent row, matter.
    network, _ = make_pair([RECURRENT], seed=2, n_steps=60)
    for layer in network.layers:
        layer.weights *= 60
        if layer.recurrent:
            layer.rec_weights *= 60
        layer.refresh_sums()
    copies = [as_reference(layer) for layer in network.layers]
    network.inputs.set_dense(np.zeros((60, N_INPUTS), dtype=bool))
    network.forward()
    regularise(network)
    for layer, copy in zip(network.layers, copies, strict=True):
        expected, recurrent = regularisation(
            copy.weights, copy.recurrent_weights, copy.recurrent_mask, strength=10.0
        )
        n = layer.n_neurons
        np.testing.assert_allclose(layer.first_moments[:, :n].T, 0.1 * expected, rtol=2e-5)
        if layer.recurrent:
            moments = dense_recurrent(layer, layer.rec_first_moments)
            np.testing.assert_allclose(moments, 0.1 * recurrent, rtol=2e-5)


def one_layer(kind, **settings):
    """A hidden layer with 16 inputs and a threshold of 1, and its tuple of arrays."""
    hidden = {"recurrent": RECURRENT, "feedforward": LayerSettings(kind="feedforward", size=45)}
    model = ModelSettings(tau_m=4, tau_s=2, threshold_hidden=1, **settings)
    layer = Network(model, [hidden[kind]], np.ones((20, 4)), 1, 16).layers[0]
    return layer, layer.arrays


def test_small_denominators_are_kept_away_from_zero_in_recurrent_layers_alone():
    for kind, expected in (
        ("recurrent", [1e-4, -1e-4, 2e-3, -2e-3]),
        ("feedforward", [5e-5, -5e-5, 2e-3, -2e-3]),
    ):
        layer, arrays = one_layer(kind)
        sums = arrays.rows[TERMS:]
        sums[3, :4] = [1 - 5e-5, 1 + 5e-5, 1 - 2e-3, 1 + 2e-3]  # D at theta = 1, counts of 1
        ptr = np.arange(layer.error.size + 1, dtype=np.int32)
        derivative = Derivative(np.ones((20, 4), np.float32), np.zeros((0, 0), np.float32))
        smallest = denominators.denominators(arrays, ptr, derivative)
        np.testing.assert_allclose(layer.denominators[:4], expected, rtol=2e-3)
        assert smallest == np.abs(layer.denominators[:4]).min()
        sums[3, 2] = np.nan
        assert np.isnan(denominators.denominators(arrays, ptr, derivative))


def adjoint_case(seed, n=30, density=0.2, weight=0.2):
    rng = np.random.default_rng(seed)
    mask = rng.random((n, n)) < density
    pre, post = np.nonzero(mask)
    ptr = np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int32)
    values = np.where(pre == post, 0, rng.uniform(-weight, weight, pre.size)).astype(np.float32)
    s = rng.uniform(0.5, 1.5, n).astype(np.float32)
    transposed = np.diag(s.astype(np.float64))
    transposed[pre, post] += values
    return s, ptr, post.astype(np.int32), values, rng.normal(size=n).astype(np.float32), transposed


def test_bicgstab_and_elimination_solve_the_adjoint_system():
    for seed in range(10):
        s, ptr, post, values, b, matrix = adjoint_case(seed)
        expected = np.linalg.solve(matrix, b.astype(np.float64))
        y = np.zeros(s.size)
        assert adjoint.solve_bicgstab(s, ptr, post, values, b, y, np.zeros((7, s.size)))
        np.testing.assert_allclose(y, expected, rtol=1e-7, atol=1e-9)
        adjoint.solve_dense(s, ptr, post, values, b, y)
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-11)


def test_an_ill_conditioned_system_falls_back_to_elimination():
    s, ptr, post, values, b, matrix = adjoint_case(1, n=60, density=0.9, weight=40.0)
    y = np.zeros(s.size)
    assert not adjoint.solve_bicgstab(s, ptr, post, values, b, y, np.zeros((7, s.size)))
    adjoint.solve_adjoint(s, ptr, post, values, False, b, y, np.zeros((7, s.size)))
    np.testing.assert_allclose(matrix @ y, b, rtol=1e-6, atol=1e-8)


def test_published_adjoint_needs_equal_widths():
    model = ModelSettings(adjoint="published")
    with pytest.raises(SettingsError, match="29 inputs.*adjoint: derived"):
        Network(model, [FEEDFORWARD, RECURRENT], np.ones((5, 4)), 1, N_INPUTS, N_CLASSES)


def test_another_architecture_is_refused():
    network = make_pair([SQUARE], seed=9)[0]
    other = make_pair([FEEDFORWARD], seed=9)[0]
    with pytest.raises(SettingsError, match="another architecture"):
        other.load_state(network.state())
    with pytest.raises(SettingsError, match="lacks"):
        make_pair([SQUARE, RECURRENT], seed=9)[0].load_state(network.state())


def test_a_weight_that_is_not_finite_is_named():
    network = make_pair([SQUARE, RECURRENT], seed=9)[0]
    assert network.first_layer_not_finite() is None
    network.layers[1].rec_weights[0] = np.nan
    assert network.first_layer_not_finite() == "recurrent2"
