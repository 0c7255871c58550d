"""Networks to and from the Neuromorphic Intermediate Representation (the package `nir`).

A graph has what NIR can express: in each layer, the spikes of the layer below pass through `Delay`,
`Linear` and `CubaLIF`; the reservoir of a recurrent layer and the lateral inhibition of the output
layer are cycles through `Delay` and `Linear`. One Euler step of length dt of

    tau_syn dI/dt = -I + w_in S,   tau_mem dv/dt = -v + r I

with tau_syn = tau_s dt, tau_mem = tau_m dt, w_in = 1 and r = tau_m is a step of docs/algorithm.md,
section 2, with I = a / tau_s. As in the engine, the current comes first, then the membrane.
"""

import json
from typing import TYPE_CHECKING

import numpy as np

from strsbp.engine.network import Network
from strsbp.engine.state import Derivative
from strsbp.errors import SettingsError
from strsbp.network import document_of, feedback_weights, network_of

if TYPE_CHECKING:
    import nir

METADATA = "strsbp"
"""The graph's metadata under this key is a JSON text."""


def to_nir(network: Network, *, dt: float = 1.0) -> "nir.NIRGraph":
    """The NIR graph of `network`; `nir.write(path, graph)` writes it to a file.

    `dt`: the length of a step in the graph's unit of time; set it for a library with a fixed step.
    What NIR cannot express is in the metadata: `refractory_steps` (without this period the graph
    fires more often), the encoder of the input spikes, the read-out, and what `from_nir` needs for
    training. Adam's moments are not kept. Raises `SettingsError` if the package is missing.
    """
    try:
        import nir
    except ImportError:
        raise SettingsError("NIR needs the package nir; pip install 'strsbp[nir]'.") from None
    model = network.model
    nodes: dict = {"input": nir.Input({"input": np.array([network.n_inputs])})}
    edges = []
    below, width = "input", network.n_inputs
    for layer in network.layers:
        name, n = layer.name, layer.n_neurons
        nodes[f"{below}_delay"] = nir.Delay(np.full(width, dt))
        nodes[f"{name}_weights"] = nir.Linear(np.ascontiguousarray(layer.weights[:, :n].T))
        nodes[name] = nir.CubaLIF(
            tau_syn=np.full(n, model.tau_s * dt),
            tau_mem=np.full(n, model.tau_m * dt),
            r=np.full(n, model.tau_m),
            v_leak=np.zeros(n),
            v_threshold=np.full(n, layer.arrays.fires_above, dtype=np.float64),
            w_in=np.ones(n),
        )
        edges += [
            (below, f"{below}_delay"), (f"{below}_delay", f"{name}_weights"),
            (f"{name}_weights", name),
        ]  # fmt: skip
        feedback = feedback_weights(layer)
        if feedback is not None:
            nodes[f"{name}_feedback"] = nir.Linear(feedback.astype(np.float32))
            edges += [(f"{name}_delay", f"{name}_feedback"), (f"{name}_feedback", name)]
        below, width = name, n
    nodes[f"{below}_delay"] = nir.Delay(np.full(width, dt))
    nodes["output"] = nir.Output({"output": np.array([width])})
    edges += [(below, f"{below}_delay"), (below, "output")]
    document = {
        "dt": dt,
        "refractory_steps": model.refractory_steps,
        "n_steps": model.n_steps,
        "encoder": "a pixel x (0..255) fires at each step from 1 with probability x / (5.5 * 255)",
        "read_out": "the class whose output neuron fires most often; the lowest one in a tie",
        "derivative": [array.tolist() for array in network.derivative],
    } | document_of(network)
    return nir.NIRGraph(nodes, edges, metadata={METADATA: json.dumps(document)})


def from_nir(graph: "nir.NIRGraph") -> Network:
    """The network in a graph that `to_nir` made, with the graph's weights; ready to be trained.

    Raises `SettingsError` for a graph from elsewhere, or if it does not match its metadata.
    """
    try:
        document = json.loads(graph.metadata[METADATA])
        coefficients, basis = (np.array(part) for part in document["derivative"])
        derivative = Derivative(coefficients, basis if basis.size else np.zeros((0, 0)))
        network = network_of(document, derivative, "the graph")
        for layer in network.layers:
            weights = graph.nodes[f"{layer.name}_weights"].weight
            layer.weights[:, : layer.n_neurons] = weights.T
            if layer.recurrent:
                feedback = graph.nodes[f"{layer.name}_feedback"].weight
                layer.rec_weights[:] = feedback[layer.rec_post, layer.rec_pre]
                if np.count_nonzero(feedback) != np.count_nonzero(layer.rec_weights):
                    raise ValueError(f"{layer.name} has connections that its seed does not draw")
            layer.refresh_sums()
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise SettingsError(
            f"The graph is not one that strsbp.to_nir made ({error!r}); make it from a network."
        ) from None
    return network
