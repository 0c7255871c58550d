"""Surrogate gradients run through the network's own dynamics. Needs the extra `bptt`."""

import numpy as np
import pytest
from small_networks import HIDDEN, N_PIXELS, arm, noise, table

from strsbp.network import build_network
from strsbp.study.experiments.gradient_check.measure import Samples, bptt_gradients, groups_of
from strsbp.study.experiments.gradient_check.replay import output_counts
from strsbp.study.experiments.gradient_check.settings import (
    GradientCheckSettings,
    SurrogateSettings,
)

torch = pytest.importorskip("torch", reason="the extra `bptt` is not installed")
pytest.importorskip("snntorch", reason="the extra `bptt` is not installed")

FAST = SurrogateSettings(title="BPTT", function="fast_sigmoid", slope=5)


@pytest.fixture
def network():
    return build_network(arm(), HIDDEN, table(), 3, N_PIXELS)


@pytest.fixture
def samples(network):
    settings = GradientCheckSettings(arms=["a"], n_images=6, n_encodings=2, n_directions=8)
    return Samples(network, noise(), settings, 3)


def test_the_forward_pass_is_that_of_the_engine(network, samples):
    from strsbp.study.experiments.gradient_check.surrogate import counts_of, surrogate_layers

    dense = [samples.recordings[0].to_dense(k, N_PIXELS) for k in range(samples.n_samples)]
    inputs = torch.from_numpy(np.stack(dense, axis=1).astype(np.float32))
    spikes = inputs
    layers = surrogate_layers(network, FAST)
    for layer, recording in zip(layers, samples.recordings[1:], strict=False):
        spikes = layer.run(spikes)
        for sample in range(samples.n_samples):
            expected = recording.to_dense(sample, layer.layer.n_neurons)
            np.testing.assert_array_equal(spikes[:, sample].detach().numpy() > 0, expected)
    counts = counts_of(layers, inputs).detach().numpy()
    np.testing.assert_array_equal(counts, output_counts(network, samples.recordings[0], 0))
    assert len(np.unique(counts)) > 4


def test_gradients_have_the_shapes_of_the_groups_and_are_means(network, samples):
    halves, seconds = bptt_gradients(network, FAST, samples)
    assert [first.shape for first, _ in halves] == [g.weights.shape for g in groups_of(network)]
    assert len(seconds) == samples.n_samples
    assert all(np.isfinite(half).all() and np.any(half) for pair in halves for half in pair)


def test_the_gradient_of_the_output_by_hand(network, samples):
    """One output layer over two steps' inputs, written out without a graph.

    Only the derivative of the spike at each step is the surrogate's; a weight acts on the current,
    which decays, on the membrane, which decays until a reset, and on the other outputs through the
    lateral inhibition. So the derivative is propagated forwards, spike by spike.
    """
    from strsbp.study.experiments.gradient_check.surrogate import surrogate_gradients

    recording, sample = samples.recordings[0], np.array([2])
    _, parts, _ = next(surrogate_gradients(network, FAST, recording, samples.targets, sample))
    layer = network.layers[-1]
    inputs = samples.recordings[2].to_dense(2, layer.n_inputs).astype(float)
    weights, theta = layer.weights[:, :10].astype(float), float(layer.threshold)
    m, n = layer.n_inputs, 10
    decay_s, decay_m, gain = 1 - 1 / 8, 1 - 1 / 64, 1 / 8
    current, membrane, spikes, held = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    d_current, d_membrane, d_spikes, d_counts = np.zeros((4, m, n, n))  # [j, i, output]
    counts = np.zeros(n)
    for t in range(1, len(inputs)):
        current = current * decay_s + inputs[t - 1] @ weights - (spikes.sum() - spikes)
        lateral = d_spikes.sum(axis=2, keepdims=True) - d_spikes
        d_current = d_current * decay_s - lateral
        d_current[:, np.arange(n), np.arange(n)] += inputs[t - 1][:, None]
        membrane = np.where(held > 0, 0, membrane * decay_m + current * gain)
        d_membrane = np.where(held > 0, 0, d_membrane * decay_m + d_current * gain)
        x = (membrane - (theta - 1e-6)) / theta
        spikes = (x > 0).astype(float)
        d_spikes = d_membrane / theta / (FAST.slope * np.abs(x) + 1) ** 2
        held = np.where(spikes > 0, 2, np.maximum(held - 1, 0))
        membrane = np.where(spikes > 0, 0, membrane)
        d_membrane = np.where(spikes > 0, 0, d_membrane)
        counts, d_counts = counts + spikes, d_counts + d_spikes
    error = counts - samples.targets[2]
    error[np.abs(error) <= 5] = 0
    assert np.any(error)
    expected = d_counts @ error
    np.testing.assert_allclose(parts[-1], expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
