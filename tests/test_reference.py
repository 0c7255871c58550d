"""The float64 reference against results worked out by hand and against finite differences."""

import numpy as np
import pytest

from strsbp.reference.adam import adam_step
from strsbp.reference.backward import (
    feedforward_error,
    lateral_factor,
    recurrent_error,
    recurrent_system,
    regularisation,
    rho,
    weight_gradient,
)
from strsbp.reference.boosting import updated_boost
from strsbp.reference.denominator import ablated, feedforward_sum, floored, recurrent_sum
from strsbp.reference.lif import lateral_inhibition, lif_traces, prediction, spike_counts
from strsbp.reference.loss import cost, count_errors, repaired
from strsbp.reference.network import ReferenceNetwork
from strsbp.reference.reservoir import connection_probability, draw_cell_types, draw_connections
from strsbp.reference.spsp import published_trace, spsp_matrix
from strsbp.settings import LayerSettings, ModelSettings
from strsbp.spsp.table import EffectRatioTable

FAST = dict(tau_m=4, tau_s=2)
DEFAULT = dict(tau_m=64, tau_s=8, refractory_steps=2)


def train(n_steps, *times):
    """One spike train as a column, shape (T, 1)."""
    spikes = np.zeros((n_steps, 1), dtype=bool)
    spikes[list(times)] = True
    return spikes


# Section 2: forward


def test_lif_by_hand():
    traces = lif_traces(
        train(8, 0, 1, 2), np.array([[3.0]]), **FAST, threshold=4, refractory_steps=1
    )
    assert np.flatnonzero(traces.spikes).tolist() == [3]
    np.testing.assert_array_equal(
        traces.current[:, 0], [0, 3, 4.5, 5.25, 2.625, 1.3125, 0.65625, 0.328125]
    )
    # 2.53125 + 2.625 at step 3, held at 0 at step 4, then charging again.
    np.testing.assert_array_equal(
        traces.membrane[:7, 0], [0, 1.5, 3.375, 5.15625, 0, 0.65625, 0.8203125]
    )


@pytest.mark.parametrize("refractory_steps", [0, 1, 2, 5])
def test_strong_input_fires_as_often_as_refractoriness_allows(refractory_steps):
    settings = DEFAULT | dict(threshold=20, refractory_steps=refractory_steps)
    spikes = lif_traces(np.ones((40, 1), bool), np.array([[1e3]]), **settings).spikes
    assert np.flatnonzero(spikes).tolist() == list(range(1, 40, refractory_steps + 1))


def test_threshold_is_reached_within_its_slack():
    # One step takes the membrane to w / tau_s = 2.
    for threshold, fires in [(2.0, True), (2 + 0.9e-6, True), (2 + 1.1e-6, False)]:
        traces = lif_traces(
            train(2, 0), np.array([[4.0]]), **FAST, threshold=threshold, refractory_steps=2
        )
        assert traces.spikes[1, 0] == fires


def test_recurrent_spikes_act_one_step_later():
    # Neuron 0 fires at 1; its self-connection and its connection to neuron 1 act at 2.
    weights, recurrent = np.array([[10.0], [0.0]]), np.array([[5.0, 0.0], [7.0, 0.0]])
    settings = dict(threshold=4, refractory_steps=2, recurrent=recurrent)
    traces = lif_traces(train(3, 0), weights, **FAST, **settings)
    np.testing.assert_array_equal(traces.current, [[0, 0], [10, 0], [10, 7]])
    np.testing.assert_array_equal(traces.membrane, [[0, 0], [5, 0], [0, 3.5]])


def test_lateral_inhibition_spares_the_neuron_itself():
    np.testing.assert_array_equal(lateral_inhibition(3), [[0, -1, -1], [-1, 0, -1], [-1, -1, 0]])


def test_prediction_takes_the_first_of_equals():
    assert prediction([0, 3, 5, 5]) == 2
    assert prediction([0, 0, 0]) == 0


# Section 5: S-PSP


def test_spsp_of_one_pair_by_hand():
    # After the input at step 1: p = 1, 1/2, 1/4 and q = 0.5, 0.625, 0.59375 at steps 2, 3, 4.
    pre = train(8, 1)
    e = spsp_matrix(pre, train(8, 4), **FAST, refractory_steps=2)
    np.testing.assert_array_equal(e, [[0.59375]])
    # Held at steps 5 and 6; at 7 the potential is p/2 = 1/64 alone.
    e = spsp_matrix(pre, train(8, 4, 7), **FAST, refractory_steps=2)
    np.testing.assert_array_equal(e, [[0.59375 + 1 / 64]])
    # A spike while the potential is held adds nothing and holds it until 7.
    e = spsp_matrix(train(9, 1), train(9, 4, 5, 8), **FAST, refractory_steps=2)
    np.testing.assert_array_equal(e, [[0.59375 + 1 / 128]])


def test_spsp_of_one_input_spike_has_a_closed_form():
    a, b = 1 - 1 / 8, 1 - 1 / 64
    for t in (1, 2, 17, 300):
        expected = (b**t - a**t) / (b - a) / 8
        e = spsp_matrix(train(400, 0), train(400, t), **DEFAULT)
        np.testing.assert_allclose(e, [[expected]], rtol=1e-12)


def test_an_input_at_the_very_step_of_the_output_does_not_count():
    assert spsp_matrix(train(9, 4), train(9, 4), **FAST, refractory_steps=2) == 0
    assert spsp_matrix(train(9, 3), train(9, 4), **FAST, refractory_steps=2) == 0.5


def test_membrane_at_the_spikes_is_the_weighted_sum_of_spsp():
    # Forward and backward describe the same neuron: sum of v(t_f) = sum_j w_ij e_ij.
    rng = np.random.default_rng(3)
    inputs = rng.random((200, 30)) < 0.15
    weights = rng.uniform(-0.6, 1, (6, 30))
    recurrent = rng.uniform(-1, 1, (6, 6))
    traces = lif_traces(inputs, weights, **DEFAULT, threshold=10, recurrent=recurrent)
    assert traces.spikes.sum(axis=0).min() > 3
    at_spikes = np.sum(traces.membrane * traces.spikes, axis=0)
    e_inputs = spsp_matrix(inputs, traces.spikes, **DEFAULT)
    e_layer = spsp_matrix(traces.spikes, traces.spikes, **DEFAULT)
    total = np.sum(weights * e_inputs, axis=1) + np.sum(recurrent * e_layer, axis=1)
    np.testing.assert_allclose(at_spikes, total, rtol=1e-10)


# Section 4: loss


def test_errors_have_a_margin_with_strict_bounds():
    counts = [0, 30, 10, 11, 40, 0]
    np.testing.assert_array_equal(count_errors(counts, 1), [0, 0, 0, 6, 35, 0])
    np.testing.assert_array_equal(count_errors([0, 29, 10], 1), [0, -6, 0])
    np.testing.assert_array_equal(count_errors([0, 41, 10], 1), [0, 6, 0])
    errors = count_errors([20, 0, 5], 1)
    np.testing.assert_array_equal(errors, [15, -35, 0])
    assert cost(errors) == 15**2 + 35**2


def test_only_a_silent_label_is_repaired():
    spikes = np.zeros((400, 3), bool)
    spikes[7, 1] = True
    assert repaired(spikes, 1) is spikes
    result = repaired(spikes, 2)
    assert spike_counts(result).tolist() == [0, 1, 36]
    assert spike_counts(spikes).tolist() == [0, 1, 0]
    assert np.flatnonzero(result[:, 2]).tolist() == list(range(11, 400, 11))
    assert np.flatnonzero(repaired(np.zeros((35, 1)), 0)).tolist() == list(range(1, 35))


# Section 6: denominators

# Slopes of the rows: 2x + 2, 4x^3 + 3x^2, 3. Input counts are clamped to 1..3.
TABLE = EffectRatioTable(np.array([[0, 0, 1, 2, 9], [1, 1, 0, 0, 9], [0, 0, 0, 3, 9]]))


def test_feedforward_denominator_by_hand():
    weights = np.array([[1.0, -2.0], [1.0, 1.0]])
    # Neuron 0 fires 5 times, above K = 3: (12 * 1 - 2 * 3) / 4; neuron 1 is silent.
    total = feedforward_sum(TABLE, weights, [0, 3], [5, 0], threshold=4)
    np.testing.assert_array_equal(total, [1.5, 0])


def test_recurrent_denominator_by_hand():
    weights = np.array([[1.0], [1.0]])
    recurrent = np.array([[10.0, 1.0], [0.0, 0.0]])
    # Counts 5 and 0 are clamped to 3 and 1 as outputs; as sources they take rows 3 and 1.
    # Neuron 0: input row 1 gives 8; self 10 * 3; neuron 1 by row 1 gives 8. Neuron 1: row 1, 4.
    total = recurrent_sum(TABLE, weights, [1], recurrent, [5, 0], threshold=2)
    np.testing.assert_array_equal(total, [(8 + 30 + 8) / 2, 4 / 2])


def test_floor_keeps_the_sign():
    np.testing.assert_array_equal(
        floored([2, 5e-5, 0.0, -5e-5, -1e-4, -3]), [2, 1e-4, 1e-4, -1e-4, -1e-4, -3]
    )


@pytest.mark.parametrize(
    ("gradient", "layers", "kind", "weights_ablated", "error_ablated"),
    [
        ("strsbp", "all", "feedforward", False, False),
        ("strsbp", "all", "recurrent", False, False),
        ("hm2bp", "feedforward", "feedforward", True, True),
        ("hm2bp", "feedforward", "output", True, True),
        ("hm2bp", "feedforward", "recurrent", False, False),
        ("hm2bp", "all", "recurrent", True, True),
        ("hm2bp_weights", "feedforward", "output", True, False),
        ("hm2bp_weights", "feedforward", "recurrent", False, False),
        ("hm2bp_weights", "all", "recurrent", True, False),
    ],
)
def test_ablation(gradient, layers, kind, weights_ablated, error_ablated):
    s = np.array([3.0, -2.0])
    for_weights, for_error = ablated(s, kind, gradient, layers)
    np.testing.assert_array_equal(for_weights, [1, 1] if weights_ablated else s)
    np.testing.assert_array_equal(for_error, [1, 1] if error_ablated else s)


# Section 7: backward


def test_rho_is_one_half_for_silent_pairs():
    e = np.array([[6.0, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(rho(e, [4, 0], [2, 0]), [[1.5, 0.5], [0.5, 0.5]])
    # Both fire, but never in the right order: 0, not 0.5.
    np.testing.assert_array_equal(rho(np.zeros((1, 1)), [4], [2]), [[0.0]])


def test_weight_gradient_and_feedforward_error_by_hand():
    delta, s = np.array([2.0, -3.0]), np.array([0.5, 1.5])
    e = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(weight_gradient(delta, e, s), [[4, 8], [-6, -8]])
    np.testing.assert_array_equal(
        weight_gradient(delta, e, s, np.array([0.5, 1])), [[2, 4], [-6, -8]]
    )
    weights, r = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 1.0], [1.0, 0.25]])
    # 4 * 0.5 - 2 * 3, and 4 * 2 - 2 * 1.
    np.testing.assert_array_equal(feedforward_error(delta, s, weights, r), [-4, 6])


def test_recurrent_system_and_both_adjoints_by_hand():
    recurrent = np.array([[9.0, 4.0], [-2.0, 9.0]])
    r = np.array([[0.7, 0.5], [1.0, 0.7]])
    system = recurrent_system(np.array([1.0, 2.0]), recurrent, r, threshold=2)
    np.testing.assert_array_equal(system, [[1, -1], [1, 2]])  # no trace of the diagonal 9

    delta = np.array([3.0, 6.0])
    weights, unit = np.array([[1.0, 2.0], [0.0, 4.0]]), np.ones((2, 2))
    # Lmat^-1 = [[2, 1], [-1, 1]] / 3, so delta^T Lmat^-1 = (0, 3), times R.
    np.testing.assert_allclose(recurrent_error(delta, system, weights, unit), [0, 12], atol=1e-14)
    # delta^T R = (3, 30), times Lmat^-1.
    np.testing.assert_allclose(
        recurrent_error(delta, system, weights, unit, "published"), [-8, 11], rtol=1e-14
    )


def test_lateral_factor_by_hand():
    r = np.array([[9.0, 2.0, 7.0], [3.0, 9.0, 7.0], [7.0, 7.0, 9.0]])
    # Neurons 0 and 1 fired, 2 is silent: 1 / (1 - 2 * 3 / 10^2).
    factors = lateral_factor(r, [4, 1, 0], label=0, threshold=10)
    np.testing.assert_allclose(factors, [1 / 0.94, 1 / 0.94, 1], rtol=1e-15)
    # A silent label counts as active, with rho = 0.5 towards the others.
    r[2, :2] = r[:2, 2] = 0.5
    factors = lateral_factor(r, [4, 0, 0], label=2, threshold=10)
    np.testing.assert_allclose(factors, [1 / 0.9975, 1, 1 / 0.9975], rtol=1e-15)


def test_regularisation_by_hand():
    weights = np.array([[8.0, -4.0], [0.0, 8.0]])
    terms, none = regularisation(weights, strength=10)
    assert none is None
    # Rows: (1 + 1/4) / 3 and 1 / 3.
    factors = 0.4 * np.exp(0.04 * (np.array([1.25, 1.0]) / 3 - 1))
    np.testing.assert_allclose(terms, factors[:, None] * [[1, -0.5], [0, 1]], rtol=1e-15)


def test_regularisation_of_a_recurrent_layer_counts_every_connection():
    weights = np.array([[8.0, -4.0], [0.0, 8.0]])
    recurrent = np.array([[16.0, 0.0], [8.0, -8.0]])
    mask = np.array([[True, False], [True, True]])
    terms, recurrent_terms = regularisation(weights, recurrent, mask, strength=10)
    # Divisor m + 1 + 3 connections in all, for both rows.
    factors = 0.4 * np.exp(0.04 * (np.array([1.25 + 4, 1.0 + 2]) / 6 - 1))
    np.testing.assert_allclose(terms, factors[:, None] * [[1, -0.5], [0, 1]], rtol=1e-15)
    np.testing.assert_allclose(recurrent_terms, factors[:, None] * [[2, 0], [1, -1]], rtol=1e-15)


# Section 7 against finite differences of counts that obey their own fixed point:
# threshold o_i = sum_j w_ij e(o_j, o_i) + sum_l w_il e(o_l, o_i) with e(o_j, o_i) = o_j phi(o_i).

PHI = np.array([2e-5, -8e-4, 0.012, -0.05, 0.9])
RANK_ONE_TABLE = EffectRatioTable(np.arange(1, 11)[:, None] * PHI)
FIXED_THRESHOLD = 20.0


def fixed_point_case(with_recurrence):
    """Weights for which the integer counts below are an exact fixed point."""
    rng = np.random.default_rng(4)
    o_in, o = np.array([3, 5, 2]), np.array([4, 6, 7])
    weights = rng.uniform(-3, 6, (3, 3))
    recurrent = rng.uniform(-2, 2, (3, 3)) if with_recurrence else np.zeros((3, 3))
    np.fill_diagonal(recurrent, 0)
    missing = FIXED_THRESHOLD * o - np.polyval(PHI, o) * (weights @ o_in + recurrent @ o)
    weights[:, 0] += missing / np.polyval(PHI, o) / o_in[0]
    return o_in, o, weights, recurrent


def fixed_point(o_in, weights, recurrent, start):
    """Counts that solve the fixed point near `start`, by Newton's method."""
    o = np.array(start, dtype=float)
    for _ in range(50):
        drive = weights @ o_in + recurrent @ o
        residual = FIXED_THRESHOLD * o - np.polyval(PHI, o) * drive
        jacobian = np.diag(FIXED_THRESHOLD - np.polyval(np.polyder(PHI), o) * drive)
        jacobian -= np.polyval(PHI, o)[:, None] * recurrent
        o -= np.linalg.solve(jacobian, residual)
    return o


def central_difference(function, at, index, h=1e-5):
    up, down = np.array(at, dtype=float), np.array(at, dtype=float)
    up[index] += h
    down[index] -= h
    return (function(up) - function(down)) / (2 * h)


def test_recurrent_error_is_the_derivative_of_the_fixed_point():
    o_in, o, weights, recurrent = fixed_point_case(with_recurrence=True)
    output_gradient = np.array([0.7, -1.3, 2.1])

    D = recurrent_sum(RANK_ONE_TABLE, weights, o_in, recurrent, o, FIXED_THRESHOLD)
    phi = np.polyval(PHI, o)[:, None]
    r_input = rho(phi * o_in, o_in, o)
    system = recurrent_system(floored(1 - D), recurrent, rho(phi * o, o, o), FIXED_THRESHOLD)
    error = recurrent_error(output_gradient / FIXED_THRESHOLD, system, weights, r_input)

    def at_counts(x):
        return output_gradient @ fixed_point(x, weights, recurrent, o)

    numeric = [central_difference(at_counts, o_in, j) for j in range(3)]
    np.testing.assert_allclose(error, numeric, rtol=1e-7)
    published = recurrent_error(
        output_gradient / FIXED_THRESHOLD, system, weights, r_input, "published"
    )
    assert np.abs(published - numeric).max() > 0.01


def test_feedforward_gradients_are_the_derivative_of_the_fixed_point():
    o_in, o, weights, none = fixed_point_case(with_recurrence=False)
    output_gradient = np.array([0.7, -1.3, 2.1])
    delta = output_gradient / FIXED_THRESHOLD

    s = 1 - feedforward_sum(RANK_ONE_TABLE, weights, o_in, o, FIXED_THRESHOLD)
    assert np.abs(s - 1).min() > 0.01
    e = np.polyval(PHI, o)[:, None] * o_in

    def at_counts(x):
        return output_gradient @ fixed_point(x, weights, none, o)

    numeric = [central_difference(at_counts, o_in, j) for j in range(3)]
    error = feedforward_error(delta, s, weights, rho(e, o_in, o))
    np.testing.assert_allclose(error, numeric, rtol=1e-7)

    def at_weights(w):
        return output_gradient @ fixed_point(o_in, w.reshape(3, 3), none, o)

    numeric = [central_difference(at_weights, weights.ravel(), j) for j in range(9)]
    np.testing.assert_allclose(weight_gradient(delta, e, s).ravel(), numeric, rtol=1e-6)


# Section 7: Adam


def test_adam_by_hand():
    weights, gradient = np.array([1.0, 1.0, 1.0]), np.array([0.5, -20.0, 0.0])
    weights, first, second = adam_step(weights, gradient, 0.0, 0.0, step=1, rate=0.01)
    np.testing.assert_allclose(weights, [0.99, 1.01, 1.0], rtol=1e-9)
    weights, _, _ = adam_step(weights, 3 * gradient, first, second, step=2, rate=0.01)
    # m = (0.09 + 0.3) g / 0.19, v = (0.000999 + 0.009) g^2 / 0.001999.
    move = 0.01 * (0.39 / 0.19) / np.sqrt(0.009999 / 0.001999)
    np.testing.assert_allclose(weights, [0.99 - move, 1.01 + move, 1.0], rtol=1e-7)


def test_step_size_falls_with_the_epoch():
    step_size = ModelSettings(learning_rate=0.001).step_size
    assert step_size(0) == 0.001
    assert step_size(1) == pytest.approx(0.001 / np.sqrt(2), rel=1e-15)
    assert step_size(3) == 0.0005


# Section 3: reservoir


def test_connection_probability_by_hand():
    inhibitory = np.array([False, True, False, False])
    p = connection_probability((1, 2, 2), inhibitory)
    near, far = np.exp(-1 / 4), np.exp(-2 / 4)
    np.testing.assert_allclose(
        p,  # row: post, column: pre
        [
            [0.45, 0.6 * near, 0.45 * near, 0.45 * far],
            [0.3 * near, 0.15, 0.3 * far, 0.3 * near],
            [0.45 * near, 0.6 * far, 0.45, 0.45 * near],
            [0.45 * far, 0.6 * near, 0.45 * near, 0.45],
        ],
        rtol=1e-15,
    )
    published = connection_probability((1, 2, 2), inhibitory, "published")
    allowed = np.array([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1]])
    np.testing.assert_array_equal(published, p * allowed)


def test_reservoirs_have_the_published_numbers_of_connections():
    counts = {"derived": [], "published": []}
    for seed in range(5):
        for variant, found in counts.items():
            rng = np.random.default_rng(seed)
            inhibitory = draw_cell_types(rng, 400)
            p = connection_probability((5, 5, 16), inhibitory, variant)
            found.append(draw_connections(rng, p).sum())
    assert abs(np.mean(counts["derived"]) - 4450) < 100
    assert abs(np.mean(counts["published"]) - 1330) < 60


# Section 8: boosting


def test_boosting_by_hand():
    boost = np.array([1.0, 3.0, 1.0, 2.0])
    labels = np.array([0, 0, 2, 2])
    wrong = np.array([False, True, False, False])
    np.testing.assert_allclose(
        updated_boost(boost, labels, wrong, 3), [1, 3 * np.exp(0.75 / 20), 1, 2], rtol=1e-15
    )


# The whole network

THETA, THETA_OUTPUT = 2.0, 1.0
SETTINGS = dict(
    n_steps=120, threshold_hidden=THETA, threshold_output=THETA_OUTPUT, regularisation=10
)
HIDDEN = [
    LayerSettings(kind="feedforward", size=12),
    LayerSettings(kind="recurrent", shape=(2, 2, 3)),
]
SMALL_TABLE = EffectRatioTable(np.arange(1, 21)[:, None] * np.array([1e-7, -1e-5, 5e-4, 0.02, 0.1]))


def small_network(seed=7, hidden=HIDDEN, table=SMALL_TABLE, **settings):
    return ReferenceNetwork.initialise(
        np.random.default_rng(seed), 20, hidden, 3, table, ModelSettings(**SETTINGS | settings)
    )


def small_input(seed=8, n_steps=120):
    spikes = np.random.default_rng(seed).random((n_steps, 20)) < 0.25
    spikes[0] = False
    return spikes


@pytest.mark.parametrize(
    ("label", "positive"),
    [(1, False), (0, False), (1, True)],
    ids=["one output fires", "silent label", "all outputs fire"],
)
def test_training_step_follows_the_formulas_pair_by_pair(label, positive):
    network = small_network()
    if positive:
        network.layers[-1].weights[...] = np.abs(network.layers[-1].weights)
    before = [
        (x.weights.copy(), None if x.recurrent_weights is None else x.recurrent_weights.copy())
        for x in network.layers
    ]
    inputs = small_input()
    result = network.train_sample(inputs, label, boost=1.5, epoch=3, step=1)
    first, reservoir, output = result.layers
    assert result.errors.any()
    assert result.cost == np.sum(result.errors**2)
    assert result.repaired == (label == 0)
    assert (output.counts > 0).sum() == (3 if positive else 1)

    def spsp(pre, post):
        return published_trace(pre, post, **DEFAULT)[0]

    def slope(c_in, c_out):
        return np.polyval(np.polyder(SMALL_TABLE.coefficients[min(max(c_in, 1), 20) - 1]), c_out)

    def rho_of(pre, post):
        return spsp(pre, post) / pre.sum() if pre.any() and post.any() else 0.5

    # Output layer.
    weights, post = before[2][0], output.backward_spikes.T
    pre = reservoir.spikes.T
    passed = np.zeros(12)
    for i in range(3):
        s = 1 - sum(
            weights[i, j] * slope(pre[j].sum(), post[i].sum()) / THETA_OUTPUT for j in range(12)
        ) * bool(post[i].any())
        delta = 1.5 * result.errors[i] / THETA_OUTPUT
        h = [(x.any() or k == label) / THETA_OUTPUT for k, x in enumerate(output.spikes.T)]
        loop = sum(
            rho_of(output.spikes[:, k], output.spikes[:, i])
            * h[k]
            * rho_of(output.spikes[:, i], output.spikes[:, k])
            * h[i]
            for k in range(3)
            if k != i
        )
        for j in range(12):
            expected = delta * spsp(pre[j], post[i]) / s / (1 - loop)
            assert output.gradient[i, j] == pytest.approx(expected, rel=1e-9, abs=1e-12)
            passed[j] += delta / s * weights[i, j] * rho_of(pre[j], post[i])
    np.testing.assert_allclose(output.input_error, passed, rtol=1e-9)
    # Where two outputs are active the lateral factor acts, and on the weights alone.
    assert np.any(output.lateral != 1) == (positive or label == 0)

    # Recurrent layer.
    (weights, recurrent), own, pre = before[1], reservoir.spikes.T, first.spikes.T
    counts = own.sum(axis=1)
    lmat, response, gradient = np.zeros((12, 12)), np.zeros((12, 12)), np.zeros((12, 12))
    for i in range(12):
        c_out = min(max(counts[i], 1), 20)
        D = sum(weights[i, j] * slope(pre[j].sum(), c_out) / THETA for j in range(12))
        D += sum(recurrent[i, k] * slope(counts[k], c_out) / THETA for k in range(12))
        for k in range(12):
            lmat[i, k] = -recurrent[i, k] * rho_of(own[k], own[i]) / THETA
            response[i, k] = weights[i, k] * rho_of(pre[k], own[i])
            gradient[i, k] = (
                passed[i] / THETA * spsp(own[k], own[i]) / (1 - D) * bool(recurrent[i, k])
            )
        lmat[i, i] = 1 - D
    np.testing.assert_allclose(reservoir.recurrent_gradient, gradient, rtol=1e-8, atol=1e-12)
    passed = passed / THETA @ np.linalg.inv(lmat) @ response
    np.testing.assert_allclose(reservoir.input_error, passed, rtol=1e-8)
    assert first.input_error is None

    # First layer and the update: Adam's first step moves a weight by the step size, against the
    # sign of its gradient with the regulariser.
    np.testing.assert_allclose(first.delta, passed / THETA, rtol=1e-8)
    for layer, (weights, recurrent), computed in zip(
        network.layers, before, result.layers, strict=True
    ):
        total = computed.gradient + computed.regulariser
        expected = 0.0005 * total / (np.abs(total) + 1e-8)
        np.testing.assert_allclose(weights - layer.weights, expected, rtol=1e-9)
        if recurrent is not None:
            total = computed.recurrent_gradient + computed.recurrent_regulariser
            assert np.all(total[~layer.recurrent_mask] == 0)
            expected = 0.0005 * total / (np.abs(total) + 1e-8)
            np.testing.assert_allclose(recurrent - layer.recurrent_weights, expected, rtol=1e-9)
