"""What the weight regularisation does: error, dead neurons, decayed weights, sizes of gradients.

Adam is almost insensitive to the size of a gradient, so only the ratio of the error's gradient to
the regulariser's matters. Dividing the error by the threshold in each layer makes it smaller, most
of all in the first layer (finding F10 in docs/algorithm.md).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from strsbp.data import Digits
from strsbp.engine import update
from strsbp.engine.network import Network
from strsbp.engine.state import FACTORS, SQUARE_SUMS
from strsbp.files import write_text
from strsbp.study.experiments.gradients.measure import Probe
from strsbp.study.inputs import Networks
from strsbp.training.epochs import epochs_of
from strsbp.training.run import metrics_csv

SMALL_WEIGHT = 1e-6
"""A weight with a smaller magnitude counts as decayed."""
DEAD_ON = 1000
"""A neuron is dead if it is silent on all of the first test images, up to this many."""


def measure_cell(
    networks: Networks, *, epochs: int, seeds: Sequence[int], n_samples: int, out: str | Path
) -> None:
    """Train a cell, the only arm of `networks`, once per seed; write `out` (csv).

    One row per seed and epoch: the metrics of training and, for each layer, what `layer_state`
    says. A run ends early if a weight is not finite.
    """
    rows, digits, model, [table] = [], networks.arm_digits, networks.first, networks.tables
    for seed in seeds:
        network = networks.build(seed)
        for metrics in epochs_of(network, digits, epochs):
            probe = Probe(model, table, network)
            rows.append({"seed": seed} | metrics | layer_state(network, probe, digits, n_samples))
    write_text(metrics_csv(rows), out)


def layer_state(network: Network, probe: Probe, digits: Digits, n_samples: int) -> dict[str, float]:
    """Five numbers per layer of a trained network, keyed `<quantity>_<layer>`.

    `dead_share`: neurons without a spike on the first `DEAD_ON` test images; `small_share`: weights
    below `SMALL_WEIGHT`; `error_gradient`: norm of the error's gradient, the mean over the first
    `n_samples` training images (0 for an image without an error); `regulariser_gradient`: norm of
    the regulariser's; `mean_gain`: mean of 1 / s_i over the neurons and those of the same images
    that have an error (1 if s_i is not computed). `probe`: a probe with the network's weights.
    """
    alive = [np.zeros(layer.n_neurons, dtype=bool) for layer in network.layers]
    for index, image in enumerate(digits.test_images[:DEAD_ON]):
        network.predict(image, index)
        for fired, layer in zip(alive, network.layers, strict=True):
            fired |= layer.trains.counts[: layer.n_neurons] > 0

    lengths = {layer.name: 0.0 for layer in network.layers}
    gains = {layer.name: [] for layer in network.layers}
    n = min(n_samples, len(digits.train_labels))
    for index in range(n):
        found = probe.gradients(digits.train_images[index], index, int(digits.train_labels[index]))
        if found is not None:
            for name, s in probe.denominators().items():
                lengths[name] += float(np.linalg.norm(found[name])) / n
                gains[name].append(np.mean(1 / s))

    row = {}
    for fired, layer in zip(alive, network.layers, strict=True):
        weights = layer.weights[:, : layer.n_neurons].ravel()
        if layer.recurrent:
            weights = np.concatenate([weights, layer.rec_weights])
        row[f"dead_share_{layer.name}"] = float(1 - fired.mean())
        row[f"small_share_{layer.name}"] = float(np.mean(np.abs(weights) < SMALL_WEIGHT))
        row[f"error_gradient_{layer.name}"] = lengths[layer.name]
        row[f"regulariser_gradient_{layer.name}"] = regulariser_length(layer)
        row[f"mean_gain_{layer.name}"] = float(np.mean(gains[layer.name] or [np.nan]))
    return row


def regulariser_length(layer) -> float:
    """Norm of the regulariser's gradient over all weights of an engine layer (section 7)."""
    update.regulariser_factors(layer.arrays)
    factors, squares = layer.arrays.rows[[FACTORS, SQUARE_SUMS]]
    return float(np.sqrt(np.sum(factors.astype(np.float64) ** 2 * squares)))
