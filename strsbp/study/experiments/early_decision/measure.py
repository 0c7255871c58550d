"""What a decision costs: spikes, synaptic operations and steps, against its error.

A network decides either after t steps (a fixed time), or as soon as one output leads all others by
a margin of m spikes, and after T steps at the latest. The decision is the output with the most
spikes so far (the first in a tie), or class 0 if none has fired. Networks are trained only for
their own T; early decisions involve no further training.

Cost is counted from the spike trains of the forward pass up to the decision. Each spike counts
once, whether it is from an input or a neuron. Its synaptic operations are its fan-out, counted at
the step at which it is fired: all neurons of the next layer, the neuron's existing connections in
the reservoir (whatever their weights) and, for lateral inhibition, the other outputs. Leaks and
comparisons with the threshold happen at every step, so the latency, in steps, stands for them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.compiled import kernel
from strsbp.encoding import TEST_SPLIT, Encoder
from strsbp.engine import passes
from strsbp.engine.network import Network
from strsbp.files import write_csv
from strsbp.network import build_network
from strsbp.study.inputs import Networks
from strsbp.training.epochs import epochs_of

COLUMNS = [
    "network", "n_steps", "threshold_hidden", "threshold_output", "table", "seed", "n_train",
    "n_test", "epochs", "diverged", "stop", "value", "quantity", "mean",
]  # fmt: skip

MEANS = (
    "latency", "spikes", "input_spikes", "operations", "input_operations", "active_outputs",
)  # fmt: skip
DECISION = np.dtype([(name, np.int64) for name in ("prediction", "lead", *MEANS)])
"""A decision: the class; spikes by which the first output led the second; steps run until then,
spikes of all and of the input alone, their synaptic operations, and outputs that had fired."""
_BLOCK = 50


@kernel
def decide_one(inputs, layers, fan_outs, times, margins, counts, found):
    """Decide by every rule on the spike trains of one image.

    `inputs` and the `trains` of `layers`, the last of which is the output: spikes by step.
    `fan_outs`: int64 arrays, operations per spike of each input, then of each layer's neurons.
    `times`, `margins`: int64. `counts` (n_classes,): working space. Fills `found`, one `DECISION`
    for each of the times, then of the margins.
    """
    n_steps = inputs.step_ptr.size - 1
    output = layers[len(layers) - 1].trains
    counts[:] = 0
    for rule in range(found.size):
        found[rule].latency = 0
    spikes = input_spikes = operations = input_operations = 0
    for t in range(n_steps):
        for k in range(inputs.step_ptr[t], inputs.step_ptr[t + 1]):
            input_spikes += 1
            input_operations += fan_outs[0][inputs.step_idx[k]]
        for position in range(len(layers)):
            trains = layers[position].trains
            for k in range(trains.step_ptr[t], trains.step_ptr[t + 1]):
                spikes += 1
                operations += fan_outs[position + 1][trains.step_idx[k]]
        for k in range(output.step_ptr[t], output.step_ptr[t + 1]):
            counts[output.step_idx[k]] += 1
        best, first, second = 0, counts[0], -1
        active = int(counts[0] > 0)
        for i in range(1, counts.size):
            active += int(counts[i] > 0)
            if counts[i] > first:
                best, first, second = i, counts[i], first
            elif counts[i] > second:
                second = counts[i]
        for rule in range(found.size):
            if found[rule].latency > 0:
                continue
            if rule < times.size:
                due = t + 1 == times[rule]
            else:
                due = first - second >= margins[rule - times.size]
            if due or t + 1 == n_steps:
                decision = found[rule]
                decision.prediction = best
                decision.lead = first - second
                decision.latency = t + 1
                decision.spikes = input_spikes + spikes
                decision.input_spikes = input_spikes
                decision.operations = input_operations + operations
                decision.input_operations = input_operations
                decision.active_outputs = active


@kernel
def _decide_samples(images, first, key, inputs, layers, fan_outs, times, margins, counts, found):
    for k in range(found.shape[0]):
        passes.encode(images[first + k], first + k, key, inputs)
        passes.forward_layers(inputs, layers)
        decide_one(inputs, layers, fan_outs, times, margins, counts, found[k])


def fan_outs(network: Network) -> tuple[np.ndarray, ...]:
    """Synaptic operations per spike of each input, then of each layer's neurons, int64."""
    layers = network.layers
    found = [np.full(network.n_inputs, layers[0].n_neurons, dtype=np.int64)]
    for k, layer in enumerate(layers):
        # Rows are padded with neurons that have no weights and never fire.
        own = np.zeros(layer.error.size, dtype=np.int64)
        if layer.output:
            own[: layer.n_neurons] = layer.n_neurons - 1
        else:
            own[: layer.n_neurons] = layers[k + 1].n_neurons
            if layer.recurrent:
                own += np.diff(layer.rec_ptr)
        found.append(own)
    return tuple(found)


def decide(network: Network, images, times: Sequence[int], margins: Sequence[int]) -> np.ndarray:
    """A `DECISION` on each test image, after `times` steps, then by `margins`: (n, rules).

    `images` (n, pixels) uint8. A time beyond T counts as T. All rules use the same forward pass.
    """
    images = np.ascontiguousarray(images, dtype=np.uint8)
    encoder = Encoder(network.seed, TEST_SPLIT, network.model.n_steps)
    times, margins = (np.array(values, dtype=np.int64) for values in (times, margins))
    found = np.zeros((len(images), times.size + margins.size), dtype=DECISION)
    counts = np.zeros(network.n_classes, dtype=np.int64)
    operations = fan_outs(network)
    for first in range(0, len(images), _BLOCK):  # Ctrl-C takes effect between blocks
        _decide_samples(
            images, first, encoder.key, network.inputs.arrays, network.arrays,
            operations, times, margins, counts, found[first : first + _BLOCK],
        )  # fmt: skip
    return found


def decision_rows(decisions: np.ndarray, labels, times, margins) -> list[dict]:
    """Mean over images of each quantity for each rule.

    `times` must end with T: `error_difference` is the error minus that of the same network at T,
    image by image. `silent`: the share of images for which no output had fired. `undecided`: the
    share for which the margin was not reached within T.
    """
    wrong = (decisions["prediction"] != np.asarray(labels)[:, None]).astype(np.float64)
    rules = [("time", t) for t in times] + [("margin", m) for m in margins]
    at_end = wrong[:, len(times) - 1]
    rows = []
    for k, (stop, value) in enumerate(rules):
        by_rule = decisions[:, k]
        quantities = {
            "error": wrong[:, k],
            "error_difference": wrong[:, k] - at_end,
            "silent": by_rule["active_outputs"] == 0,
        } | {name: by_rule[name] for name in MEANS}
        if stop == "margin":
            quantities["undecided"] = by_rule["lead"] < value
        rows += [
            dict(stop=stop, value=value, quantity=quantity, mean=float(np.mean(values)))
            for quantity, values in quantities.items()
        ]
    return rows


def measure_early_decision(
    networks: Networks, times: Sequence[int], margins: Sequence[int], seed: int, *,
    out: str | Path, say=print,
) -> None:  # fmt: skip
    """Train every arm of `networks` with `seed`, decide on the test images, write `out` (csv).

    `times` of T or more are left out, and T is added. A network that diverges is measured as it is
    then, with `diverged` = 1.
    """
    rows = []
    for (name, model), table in zip(networks.arms.items(), networks.tables, strict=True):
        images = networks.digits.first(model.n_train, model.n_test)
        network = build_network(model, networks.layers, table, seed, *images.sizes)
        for row in epochs_of(network, images, model.epochs):
            say(f"{name}: test error {100 * row['test_error']:.2f} % after epoch {row['epoch']}")
        stops = [t for t in times if t < model.n_steps] + [model.n_steps]
        decisions = decide(network, images.test_images, stops, margins)
        described = dict(
            network=name, n_steps=model.n_steps, threshold_hidden=model.threshold_hidden,
            threshold_output=model.threshold_output, table=model.simulated_table().key, seed=seed,
            n_train=model.n_train, n_test=model.n_test, epochs=row["epoch"],
            diverged=int(row["diverged"] != ""),
        )  # fmt: skip
        found = decision_rows(decisions, images.test_labels, stops, margins)
        rows += [described | row for row in found]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
