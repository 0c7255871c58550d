"""Estimated gradients beside the true gradient of the expected loss.

The loss of a sample is the one whose derivative with respect to the output counts o_i is the error
that the network propagates (section 4 of docs/algorithm.md; boost 1): with d_i = o_i - target_i,

    loss = 1/2 sum_i max(d_i^2 - 5^2, 0),      d loss / d o_i = d_i where |d_i| > 5, else 0.

(The reported cost, the sum of the same d_i^2, jumps at |d_i| = 5; no gradient accounts for that.)
The expectation is over the spike trains into which an image is encoded, and the mean over images.
Spike counts are integers, so a single sample has no gradient, but the expectation has one. Finite
differences measure it with noise; `agreement` describes how that is accounted for.

The samples are images x encodings, in the order of the encodings; the first half of the
encodings gives the first half of the samples, the rest the second. A group of weights belongs to
one layer: those from below, or those among its neurons (`_reservoir`).
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from strsbp.data import Digits
from strsbp.encoding import TRAIN_SPLIT, Encoder
from strsbp.engine import passes
from strsbp.engine.adam import BETA_1
from strsbp.engine.loss import MARGIN, TARGET_COUNT_OTHER
from strsbp.engine.network import Network
from strsbp.files import write_csv
from strsbp.settings import TARGET_COUNT_LABEL
from strsbp.study.experiments.bptt.settings import missing_library
from strsbp.study.experiments.gradient_check.replay import Recording, output_counts
from strsbp.study.experiments.gradient_check.settings import (
    GradientCheckSettings,
    SurrogateSettings,
    on_network_of,
)
from strsbp.study.experiments.gradients.measure import Probe
from strsbp.study.inputs import Networks
from strsbp.training.epochs import train

FINITE_DIFFERENCE, FORWARD = "finite_difference", "forward"
"""Names besides those of the arms: the truth, and the forward pass in the table of times."""

PROJECTION_COLUMNS = ["layer", "estimator", "step", "direction", "first", "second"]
TIME_COLUMNS = ["estimator", "sample", "cpu_ms"]

_ENCODING_STREAM, _DIRECTION_STREAM = 1_000_101, 1_000_102
"""Keep encodings and directions independent of the streams that draw a network's weights."""


class Group(NamedTuple):
    """The weights of one layer from below, or among its neurons."""

    name: str
    position: int
    """Position of the layer."""
    weights: np.ndarray
    """A view of the network's weights: (m, n) or (c,)."""
    n_neurons: int

    def step(self, step: float) -> float:
        """Change per weight that gives a neuron's summed weights the standard deviation `step`."""
        return step / np.sqrt(self.weights.size / self.n_neurons)


def groups_of(network: Network) -> list[Group]:
    """All groups of weights; those of a reservoir without connections are left out."""
    found = []
    for position, layer in enumerate(network.layers):
        n = layer.n_neurons
        found.append(Group(layer.name, position, layer.weights[:, :n], n))
        if layer.recurrent and layer.rec_weights.size:
            found.append(Group(f"{layer.name}_reservoir", position, layer.rec_weights, n))
    return found


def target_counts(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """The target counts, (S, n_classes) int64, of samples with `labels` (S,)."""
    is_label = np.asarray(labels)[:, None] == np.arange(n_classes)
    return np.where(is_label, TARGET_COUNT_LABEL, TARGET_COUNT_OTHER)


def losses(counts: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The loss of each sample, (S,) float64, from counts and targets (S, n_classes)."""
    return np.maximum((counts - targets) ** 2 - MARGIN**2, 0).sum(axis=1) / 2


class Samples:
    """Images in several encodings, recorded before every layer of a network.

    `labels` (S,) and `targets` (S, n_classes) of each sample; `halves`: the indices of the samples
    of each half; `recordings`: the spikes entering each layer with the network's current weights.
    """

    def __init__(
        self, network: Network, digits: Digits, settings: GradientCheckSettings, seed: int
    ):
        self.network = network
        self.n_images = min(settings.n_images, len(digits.train_labels))
        self.n_samples = self.n_images * settings.n_encodings
        self.halves = np.arange(self.n_samples).reshape(2, -1)
        labels = digits.train_labels[: self.n_images].astype(np.int64)
        self.labels = np.tile(labels, settings.n_encodings)
        self.targets = target_counts(self.labels, network.n_classes)
        self._images = digits.train_images[: self.n_images]
        stream = np.random.SeedSequence(seed, spawn_key=(_ENCODING_STREAM,))
        seeds = stream.generate_state(settings.n_encodings, np.uint64) >> np.uint64(1)
        n_steps = network.model.n_steps
        self._encoders = [Encoder(int(seed), TRAIN_SPLIT, n_steps) for seed in seeds]
        self.recordings = [Recording.of(self._entering(k)) for k in range(len(network.layers))]

    def encode(self, network: Network, sample: int) -> None:
        """Set the input spikes of `network` to those of a sample."""
        encoding, image = divmod(sample, self.n_images)
        encoder = self._encoders[encoding]
        passes.encode(self._images[image], image, encoder.key, network.inputs.arrays)

    def _entering(self, position: int) -> Iterator:
        for sample in range(self.n_samples):
            self.encode(self.network, sample)
            if position == 0:
                yield self.network.inputs
            else:
                self.network.forward()
                yield self.network.layers[position - 1].trains

    def losses(self, position: int) -> np.ndarray:
        """The loss of each sample, with the current weights from layer `position` on."""
        counts = output_counts(self.network, self.recordings[position], position)
        return losses(counts, self.targets)

    def slopes(self, group: Group, direction: np.ndarray, step: float) -> np.ndarray:
        """Central differences (S,) of the losses along `direction`, which has the weights' shape.

        Per unit of `direction`, with steps of size `step` to both sides. The spike trains of the
        input are the same on both. The weights are restored.
        """
        kept = group.weights.copy()
        change = (step * direction).astype(np.float32)
        try:
            group.weights[...] = kept + change
            above = self.losses(group.position)
            group.weights[...] = kept - change
            below = self.losses(group.position)
        finally:
            group.weights[...] = kept
        return (above - below) / (2 * step)


def random_direction(group: Group, number: int, order: int, seed: int) -> np.ndarray:
    """+1 or -1 per weight, float32; `order`: index of the group, `number`: of the direction."""
    stream = np.random.SeedSequence(seed, spawn_key=(_DIRECTION_STREAM, order, number))
    signs = np.random.default_rng(stream).integers(0, 2, group.weights.shape, dtype=np.int8)
    return (2 * signs - 1).astype(np.float32)


def half_means(samples: Samples, gradients: Callable, scale: float = 1.0):
    """Mean gradient of each half of the samples by group, and CPU seconds per sample.

    `gradients(half)` yields, by batch, its size, its summed gradient by group times `scale`, and
    its CPU seconds, which its samples share.
    """
    halves, seconds = [], []
    for half in samples.halves:
        sums = None
        for size, parts, spent in gradients(half):
            sums = sums or [np.zeros(part.shape) for part in parts]
            for total, part in zip(sums, parts, strict=True):
                total += part
            seconds += [spent / size] * size
        halves.append([total / (scale * len(half)) for total in sums])
    return list(zip(*halves, strict=True)), seconds


def arm_gradients(probe: Probe, samples: Samples):
    """The `half_means` of an arm; the time is that of a forward pass, gradient and update."""

    def gradients(half):
        for sample in half:
            samples.encode(probe.network, sample)
            probe.clear()
            began = time.process_time()
            probe.network.train_on_inputs(int(samples.labels[sample]))
            spent = time.process_time() - began
            yield 1, [part for layer in probe.moments() for part in layer], spent

    next(gradients(samples.halves[0]))  # compiles, if not done yet
    return half_means(samples, gradients, scale=1 - BETA_1)


def bptt_gradients(network: Network, settings: SurrogateSettings, samples: Samples):
    """The `half_means` of backpropagation through time; needs snnTorch."""
    from strsbp.study.experiments.gradient_check.surrogate import surrogate_gradients

    inputs = network, settings, samples.recordings[0], samples.targets
    return half_means(samples, partial(surrogate_gradients, *inputs))


def measure_gradient_check(
    networks: Networks,
    settings: dict,
    epochs: int,
    seed: int,
    *,
    projections: str | Path,
    times: str | Path,
) -> None:
    """Measure gradients and finite differences after `epochs` of the first arm; write two tables.

    `projections`: for each group and random direction, the finite difference at both steps and each
    estimated gradient's projection, from both halves; `times`: CPU time of each gradient by sample.
    `seed`: of the weights, the spike trains and the directions.
    Both have no rows if the training diverges.
    """
    settings, digits = GradientCheckSettings.model_validate(settings), networks.arm_digits
    network = networks.build(seed)
    train(network, digits.first(len(digits.train_labels), 1), epochs)
    if network.first_layer_not_finite() is not None:
        _write([], [], projections, times)
        return
    samples = Samples(network, digits, settings, seed)
    estimates, seconds = {}, {}
    for (name, arm), table in zip(networks.arms.items(), networks.tables, strict=True):
        probe = Probe(on_network_of(networks.first, arm), table, network)
        estimates[name], seconds[name] = arm_gradients(probe, samples)
    for name, surrogate in settings.surrogates.items():
        if missing_library():
            print(f"{name} is left out: snnTorch, the extra `bptt` of strsbp, is not installed.")
        else:
            estimates[name], seconds[name] = bptt_gradients(network, surrogate, samples)
    projected = []
    for order, group in enumerate(groups_of(network)):
        own = {name: found[order] for name, found in estimates.items()}
        projected += _random_rows(samples, group, order, own, settings, seed)
    began = time.process_time()
    samples.losses(0)
    seconds[FORWARD] = [(time.process_time() - began) / samples.n_samples]
    timed = [
        dict(estimator=name, sample=sample, cpu_ms=1e3 * spent)
        for name, all_spent in seconds.items()
        for sample, spent in enumerate(all_spent)
    ]
    _write(projected, timed, projections, times)


def _write(projected, timed, projections, times) -> None:
    write_csv(pd.DataFrame(projected, columns=PROJECTION_COLUMNS), projections)
    write_csv(pd.DataFrame(timed, columns=TIME_COLUMNS), times)


def _random_rows(
    samples: Samples,
    group: Group,
    order: int,
    estimates,
    settings: GradientCheckSettings,
    seed: int,
):
    flat = {name: np.stack([half.ravel() for half in halves]) for name, halves in estimates.items()}
    for number in range(settings.n_directions):
        direction = random_direction(group, number, order, seed)
        described = dict(layer=group.name, direction=number)
        for step in settings.steps:
            found = samples.slopes(group, direction, group.step(step))
            first, second = (found[half].mean() for half in samples.halves)
            yield described | dict(
                estimator=FINITE_DIFFERENCE, step=step, first=first, second=second
            )
        for name, halves in flat.items():
            first, second = halves @ direction.ravel().astype(np.float64)
            yield described | dict(estimator=name, step=np.nan, first=first, second=second)
