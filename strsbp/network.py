"""Build, save and load networks: the public interface to the engine."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.engine.layers import Layer
from strsbp.engine.network import Network
from strsbp.engine.state import Derivative
from strsbp.errors import CheckpointError, SettingsError
from strsbp.reference.lif import lateral_inhibition
from strsbp.settings import N_CLASSES, N_PIXELS, LayerSettings, ModelSettings, checked
from strsbp.spsp.table import Table


def build_network(
    model: ModelSettings,
    hidden: Sequence[LayerSettings],
    table: Table,
    seed: int,
    n_inputs: int = N_PIXELS,
    n_classes: int = N_CLASSES,
) -> Network:
    """A new network with initial weights drawn from `seed`.

    `model`: dynamics, gradient and learning rule (`ArmSettings` work too); `hidden`: the hidden
    layers, first to last, to which an output layer with one neuron per class is added; `table`:
    the effect ratios de/do; `n_inputs`, `n_classes`: the `sizes` of the data set. Raises
    `SettingsError` if the options contradict each other.
    """
    derivative = Derivative(*table.terms(model.n_steps))
    return Network(model, hidden, derivative, seed, n_inputs, n_classes)


def feedback_weights(layer: Layer) -> np.ndarray | None:
    """Weights among the neurons of a layer, float64 (n, n), post-synaptic neuron first, or None."""
    if layer.output:
        return lateral_inhibition(layer.n_neurons)
    if not layer.recurrent:
        return None
    weights = np.zeros((layer.n_neurons, layer.n_neurons))
    weights[layer.rec_post, layer.rec_pre] = layer.rec_weights
    return weights


def document_of(network: Network) -> dict:
    """What a network is made of besides its table and its trained state, for JSON."""
    return {
        "model": network.model.model_dump(mode="json", include=set(ModelSettings.model_fields)),
        "hidden": [layer.model_dump(mode="json", exclude_none=True) for layer in network.hidden],
        "seed": network.seed,
        "n_inputs": network.n_inputs,
        "n_classes": network.n_classes,
    }


def network_of(document: dict, derivative: Derivative, where: str) -> Network:
    """The untrained network that `document_of` describes; `where` names its source in errors."""
    return Network(
        checked(ModelSettings, document["model"], where),
        [checked(LayerSettings, layer, where) for layer in document["hidden"]],
        derivative,
        document["seed"],
        document["n_inputs"],
        document["n_classes"],
    )


def save_network(path: str | Path, network: Network) -> None:
    """Write weights, moments and settings of `network` to one .npz file, without pickle."""
    arrays = network.state() | {
        "derivative_coefficients": network.derivative.coefficients,
        "derivative_basis": network.derivative.basis,
    }
    save_checkpoint(path, arrays, document_of(network))


def load_network(path: str | Path) -> Network:
    """The network saved by `save_network`, ready to be trained further.

    Raises `CheckpointError` if the file is damaged or does not contain a network.
    """
    arrays, document = load_checkpoint(path)
    try:
        derivative = Derivative(arrays["derivative_coefficients"], arrays["derivative_basis"])
        network = network_of(document, derivative, str(path))
        network.load_state(arrays)
    except (KeyError, TypeError, ValueError, SettingsError) as error:
        raise CheckpointError(
            f"{path} does not contain a saved network ({error}); save it with save_network."
        ) from None
    return network
