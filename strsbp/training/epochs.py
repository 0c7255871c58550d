"""Epochs: sample order, training, boosting, evaluation and metrics (section 8)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from strsbp.data import Digits
from strsbp.encoding import TEST_SPLIT
from strsbp.engine.network import Network
from strsbp.errors import SettingsError
from strsbp.reference.boosting import updated_boost

BLOCK = 50
"""Samples per call of compiled code, about 0.05 s; Ctrl-C is handled between calls."""

_SHUFFLE_STREAM = 1_000_003
"""Keeps the shuffling independent of the streams that draw a network's weights."""
PUBLISHED_SWAPS = 5_000
"""Random swaps per epoch in the published program (finding F8)."""


def epoch_order(seed: int, epoch: int, n_samples: int, shuffle: str = "full") -> np.ndarray:
    """Order of the samples in `epoch` (from 0), (n_samples,) int64.

    Depends only on the seed and the epoch, so no generator state needs to be saved.
    `full`: a random permutation; `published`: the previous epoch's order after 5,000 random swaps.
    """
    if shuffle == "full":
        return _generator(seed, epoch).permutation(n_samples)
    order = np.arange(n_samples)
    for earlier in range(epoch + 1):
        pairs = _generator(seed, earlier).integers(n_samples, size=(PUBLISHED_SWAPS, 2))
        for a, b in pairs:
            order[a], order[b] = order[b], order[a]
    return order


def _generator(seed: int, epoch: int) -> np.random.Generator:
    stream = np.random.SeedSequence(seed, spawn_key=(_SHUFFLE_STREAM, epoch))
    return np.random.default_rng(stream)


@dataclass(frozen=True)
class Evaluation:
    """Test error (a fraction), and per layer the mean spike count and share of silent neurons."""

    error: float
    spike_counts: list[float]
    silent_shares: list[float]

    @classmethod
    def of(
        cls, network: Network, labels: np.ndarray, predictions: np.ndarray, n_spikes: np.ndarray,
        n_silent: np.ndarray,
    ) -> "Evaluation":  # fmt: skip
        """From the classes (n,), spikes and silent neurons (n, n_layers) of n images."""
        sizes = np.array([layer.n_neurons for layer in network.layers])
        # Summed in sequence, so that the last digits are the same on every device.
        counts, shares = (
            np.cumsum(of_layers / sizes, axis=0)[-1] / len(labels)
            for of_layers in (n_spikes, n_silent)
        )
        return cls(float(np.mean(predictions != labels)), counts.tolist(), shares.tolist())


@dataclass
class TrainingState:
    """A training run between two epochs.

    `boost` (n,) float64: the boosting weights; `rows`: the metrics of the epochs so far.
    """

    network: Network
    digits: Digits
    boost: np.ndarray
    rows: list[dict] = field(default_factory=list)

    @classmethod
    def start(cls, network: Network, digits: Digits) -> "TrainingState":
        """A new run; raises `SettingsError` if the data set does not fit the network."""
        n_inputs, n_classes = digits.sizes
        largest = max(digits.train_labels.max(), digits.test_labels.max())
        if n_inputs != network.n_inputs or largest >= network.n_classes:
            raise SettingsError(
                f"{digits.name} has {n_inputs} inputs and labels up to {largest}, but the network "
                f"has {network.n_inputs} inputs and {network.n_classes} classes; build it with "
                f"n_inputs={n_inputs}, n_classes={n_classes}."
            )
        return cls(network, digits, np.ones(len(digits.train_labels)))

    @property
    def epoch(self) -> int:
        """Number of epochs done."""
        return len(self.rows)

    @property
    def diverged(self) -> bool:
        """Whether a weight or moment was not finite at the end of the last epoch."""
        return bool(self.rows) and self.rows[-1]["diverged"] != ""

    def arrays(self) -> dict[str, np.ndarray]:
        """What a checkpoint contains of the run besides `rows`."""
        return {**self.network.state(), "boost": self.boost}

    def end_epoch(
        self, predictions: np.ndarray, cost: float, smallest: np.ndarray,
        tests: Sequence[np.ndarray],
    ) -> dict:  # fmt: skip
        """Boost the samples, and append the metrics of an epoch to `rows`; returns them.

        `predictions` (n,): classes of the training samples; `cost`: the sum of their costs;
        `smallest` (n_layers,): the smallest |s_i| of each layer, infinite if none was computed;
        `tests`: what `Network.predict_samples` returns for all test and validation images.
        """
        network, digits = self.network, self.digits
        misclassified = predictions != digits.train_labels
        self.boost = updated_boost(
            self.boost, digits.train_labels, misclassified, network.n_classes
        )

        def evaluated(part: slice) -> Evaluation:
            return Evaluation.of(network, digits.test_labels[part], *(one[part] for one in tests))

        tested = evaluated(slice(digits.n_test))
        row: dict[str, Any] = {"epoch": self.epoch + 1, "test_error": tested.error}
        if digits.n_validation:
            row["validation_error"] = evaluated(slice(digits.n_test, None)).error
        row["train_error"] = float(misclassified.mean())
        row["cost"] = cost / len(misclassified)
        for k, layer in enumerate(network.layers):
            row[f"spike_count_{layer.name}"] = tested.spike_counts[k]
            row[f"silent_share_{layer.name}"] = tested.silent_shares[k]
            s = float(smallest[k])
            row[f"smallest_denominator_{layer.name}"] = "" if s == np.inf else s
        row["diverged"] = network.first_layer_not_finite() or ""
        self.rows.append(row)
        return row


def evaluate(
    network: Network,
    images: np.ndarray,
    labels: np.ndarray,
    tick: Callable[[int], object] = lambda n: None,
) -> Evaluation:
    """The `Evaluation` on all test images, (n, pixels) uint8, with labels (n,)."""
    return Evaluation.of(network, labels, *_tests(network, images, tick))


def _tests(network: Network, images: np.ndarray, tick: Callable) -> list[np.ndarray]:
    """What `Network.predict_samples` returns for all test images."""
    blocks = []
    for first in range(0, len(images), BLOCK):
        last = min(first + BLOCK, len(images))
        blocks.append(network.predict_samples(images, first, last, TEST_SPLIT))
        tick(last - first)
    return [np.concatenate(arrays) for arrays in zip(*blocks, strict=True)]


def train_epoch(state: TrainingState, tick: Callable[[int], object] = lambda n: None) -> dict:
    """Train on every sample once, boost and evaluate; appends a row to `state.rows`, returns it.

    `tick(n)` is called after every n samples, for a progress bar.
    """
    network, digits = state.network, state.digits
    labels = digits.train_labels
    predictions = np.zeros(len(labels), dtype=np.int64)
    smallest = np.full(len(network.layers), np.inf)
    cost = 0.0
    order = epoch_order(network.seed, state.epoch, len(labels), network.model.shuffle)
    for first in range(0, len(labels), BLOCK):
        block = order[first : first + BLOCK]
        predictions[block], costs, denominators = network.train_samples(
            digits.train_images, block, labels[block], state.boost[block], state.epoch
        )
        cost += float(costs.sum())
        smallest = np.minimum(smallest, denominators.min(axis=0))
        tick(len(block))
    tests = _tests(network, digits.test_images, tick)
    return state.end_epoch(predictions, cost, smallest, tests)


def epochs_of(network: Network, digits: Digits, epochs: int) -> Iterator[dict]:
    """Train a network for `epochs` epochs; yields the metrics of each.

    Stops after an epoch that leaves a weight or moment that is not finite; its row names the layer.
    """
    state = TrainingState.start(network, digits)
    while state.epoch < epochs and not state.diverged:
        yield train_epoch(state)


def train(network: Network, digits: Digits, epochs: int) -> list[dict]:
    """Train a network for `epochs` epochs as `epochs_of` does; returns the metrics of each.

    They are the columns of a run's file (docs/reference/files.md). Raises `SettingsError` if the
    data set does not fit the network.
    """
    return list(epochs_of(network, digits, epochs))
