"""Networks as NIR graphs: written, read, and run by Euler steps and in snnTorch."""

import json

import numpy as np
import pytest
from refusals import refusal
from small_networks import table

import strsbp
from strsbp.encoding import TEST_SPLIT
from strsbp.errors import SettingsError
from strsbp.nir_graph import METADATA
from strsbp.settings import LayerSettings, ModelSettings

nir = pytest.importorskip("nir", reason="the extra nir is not installed")

HIDDEN = [
    LayerSettings(kind="feedforward", size=30),
    LayerSettings(kind="recurrent", shape=(3, 3, 3)),
]
N_TEST = 30


@pytest.fixture(scope="module")
def digits():
    return strsbp.load_dataset("mnist5k").first(150, N_TEST)


@pytest.fixture(scope="module")
def network(digits):
    """A network after an epoch, so that its predictions mean something."""
    model = ModelSettings(n_steps=150, threshold_hidden=5, threshold_output=3)
    network = strsbp.build_network(model, HIDDEN, table(), seed=2)
    strsbp.train(network, digits, epochs=1)
    return network


@pytest.fixture(scope="module")
def graph(network, tmp_path_factory):
    """The network's graph, from a file."""
    path = tmp_path_factory.mktemp("nir") / "network.nir"
    nir.write(path, strsbp.to_nir(network))
    return nir.read(path)


def euler(node):
    """One Euler step (dt = 1) of a CubaLIF node, as a function of its state and its input."""

    def step(state, current, held):
        i, v = state
        i = i + (-i + node.w_in * current) / node.tau_syn
        v = np.where(held, 0, v + (node.v_leak - v + node.r * i) / node.tau_mem)
        fires = v > node.v_threshold
        return (i, np.where(fires, node.v_reset, v)), fires

    return step


def steps_of(graph, make):
    """For each CubaLIF node, its step: what `make` makes of it."""
    return {k: make(node) for k, node in graph.nodes.items() if isinstance(node, nir.CubaLIF)}


def run(graph, spikes, steps, refractory_steps):
    """Spikes (T, n) of each CubaLIF node on the input `spikes` (T, n_inputs).

    `steps`: by node, a function (state, input, held) -> (state, fires). The delays are what each
    node did in the step before, so the order of the nodes does not matter.
    """
    neurons = {k: graph.nodes[k] for k in steps}
    sources = {}
    for before, after in graph.edges:
        sources.setdefault(after, []).append(before)
    state = {k: (np.zeros(node.r.shape), np.zeros(node.r.shape)) for k, node in neurons.items()}
    left = {k: np.zeros(node.r.shape, dtype=int) for k, node in neurons.items()}
    delayed = {
        k: np.zeros(n.delay.shape) for k, n in graph.nodes.items() if isinstance(n, nir.Delay)
    }
    assert all((graph.nodes[k].delay == 1).all() for k in delayed)
    found = {k: [] for k in neurons}
    for row in spikes:
        fired = {"input": row}
        for k in neurons:
            weighted = [(graph.nodes[w].weight, sources[w]) for w in sources[k]]
            current = sum(weight @ delayed[source] for weight, (source,) in weighted)
            held = left[k] > 0
            state[k], fired[k] = steps[k](state[k], current, held)
            left[k] = np.where(fired[k], refractory_steps, np.maximum(left[k] - 1, 0))
            found[k].append(fired[k])
        for k in delayed:
            (source,) = sources[k]
            delayed[k] = np.asarray(fired[source], dtype=float)
    return {k: np.array(rows) for k, rows in found.items()}


def own_spikes(network, image, index):
    """Input spikes, and those of each layer, as the engine has them."""
    network.predict(image, index, TEST_SPLIT)
    layers = {layer.name: layer.trains.to_dense()[:, : layer.n_neurons] for layer in network.layers}
    return network.inputs.to_dense(), layers


def test_the_graph_has_the_networks_spikes_by_euler_steps(network, graph, digits):
    refractory = json.loads(graph.metadata[METADATA])["refractory_steps"]
    steps, more = steps_of(graph, euler), 0
    for index, image in enumerate(digits.test_images[:5]):
        inputs, expected = own_spikes(network, image, index)
        found = run(graph, inputs, steps, refractory)
        assert set(found) == set(expected)
        for name, spikes in expected.items():
            np.testing.assert_array_equal(found[name], spikes, err_msg=name)
            assert spikes.any(), name
        without = run(graph, inputs, steps, 0)
        more += sum(without[k].sum() - found[k].sum() for k in found)
    assert more > 0, "what the metadata says matters"


def test_a_network_comes_back_from_its_graph(network, graph, digits):
    again = strsbp.from_nir(graph)
    for name, array in network.state().items():
        if name.endswith(("weights", "rec_ptr", "rec_post")):
            np.testing.assert_array_equal(again.state()[name], array, err_msg=name)
    for index, image in enumerate(digits.test_images):
        assert again.predict(image, index) == network.predict(image, index)
    assert len(strsbp.train(again, digits, epochs=1)) == 1


def test_snntorch_runs_the_graph(network, digits, record_property):
    """Each node as snnTorch's own importer makes it, whose step is 0.1 ms long."""
    torch = pytest.importorskip("torch", reason="the extra bptt is not installed")
    importer = pytest.importorskip("snntorch.import_nir", reason="nirtorch is not installed")
    graph = strsbp.to_nir(network, dt=1e-4)

    def step_of(node):
        module = importer._nir_to_snntorch_module(node)

        def step(state, current, held):
            tensors = (torch.from_numpy(np.asarray(part)) for part in (current, *state))
            fires, i, v = (tensor.numpy() for tensor in module(*tensors))
            return (i, np.where(held, 0, v)), (fires > 0) & ~held

        return step

    steps = steps_of(graph, step_of)
    for name, node in graph.nodes.items():
        if isinstance(node, nir.Delay):
            graph.nodes[name] = nir.Delay(node.delay / 1e-4)
    agree = {0: 0, network.model.refractory_steps: 0}
    for index, image in enumerate(digits.test_images):
        inputs, expected = own_spikes(network, image, index)
        wanted = expected["output3"].sum(axis=0).argmax()
        for refractory in agree:
            found = run(graph, inputs, steps, refractory)
            agree[refractory] += int(found["output3"].sum(axis=0).argmax() == wanted)
    record_property("predictions that agree", agree)
    print(f"snnTorch agrees on {agree} of {N_TEST} predictions, by refractory steps")
    assert agree[network.model.refractory_steps] == N_TEST
    assert agree[0] >= 0.7 * N_TEST


def test_a_graph_from_elsewhere_is_refused(network):
    foreign, other = strsbp.to_nir(network), strsbp.to_nir(network)
    foreign.metadata = {}
    weights = other.nodes["recurrent2_feedback"].weight
    weights[weights == 0] = 0.5
    for graph, words in ((foreign, "KeyError"), (other, "its seed does not draw")):
        assert words in refusal(lambda graph=graph: strsbp.from_nir(graph), SettingsError)
