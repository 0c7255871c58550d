"""Epochs: sample order, training, boosting, evaluation and metrics (section 8)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from strsbp.data import Digits
from strsbp.encoding import TEST_SPLIT
from strsbp.engine.network import Network
from strsbp.errors import SettingsError
from strsbp.reference.boosting import updated_boost

BLOCK = 50
"""Samples per call of compiled code, about 0.1 s; Ctrl-C is handled between calls."""

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
        """Whether a weight was not finite at the end of the last epoch."""
        return bool(self.rows) and self.rows[-1]["diverged"] != ""

    def arrays(self) -> dict[str, np.ndarray]:
        """What a checkpoint contains of the run besides `rows`."""
        return {**self.network.state(), "boost": self.boost}


def evaluate(
    network: Network,
    images: np.ndarray,
    labels: np.ndarray,
    tick: Callable[[int], object] = lambda n: None,
    start: int = 0,
    stop: int | None = None,
) -> Evaluation:
    """The `Evaluation` on the test images [start:stop], (n, pixels) uint8, with labels (n,)."""
    n_wrong = 0
    spikes, silent = np.zeros(len(network.layers)), np.zeros(len(network.layers))
    sizes = np.array([layer.n_neurons for layer in network.layers])
    stop = len(labels) if stop is None else stop
    n = stop - start
    for first in range(start, stop, BLOCK):
        last = min(first + BLOCK, stop)
        predictions, n_spikes, n_silent = network.predict_samples(images, first, last, TEST_SPLIT)
        n_wrong += np.sum(predictions != labels[first:last])
        for of_sample, silent_of_sample in zip(n_spikes, n_silent, strict=True):
            spikes += of_sample / sizes
            silent += silent_of_sample / sizes
        tick(last - first)
    return Evaluation(float(n_wrong / n), (spikes / n).tolist(), (silent / n).tolist())


def train_epoch(state: TrainingState, tick: Callable[[int], object] = lambda n: None) -> dict:
    """Train on every sample once, boost and evaluate; appends a row to `state.rows`, returns it.

    `tick(n)` is called after every n samples, for a progress bar.
    """
    network, digits = state.network, state.digits
    labels = digits.train_labels
    n, epoch = len(labels), state.epoch
    misclassified = np.zeros(n, dtype=bool)
    smallest = np.full(len(network.layers), np.inf)
    cost = 0.0
    order = epoch_order(network.seed, epoch, n, network.model.shuffle)
    for first in range(0, n, BLOCK):
        block = order[first : first + BLOCK]
        predictions, costs, denominators = network.train_samples(
            digits.train_images, block, labels[block], state.boost[block], epoch
        )
        misclassified[block] = predictions != labels[block]
        cost += float(costs.sum())
        smallest = np.minimum(smallest, denominators.min(axis=0))
        tick(len(block))
    state.boost = updated_boost(state.boost, labels, misclassified, network.n_classes)
    test = network, digits.test_images, digits.test_labels, tick
    tested = evaluate(*test, stop=digits.n_test)
    validation = evaluate(*test, start=digits.n_test).error if digits.n_validation else None
    state.rows.append(
        metrics_row(network, epoch, tested, validation, misclassified, cost, smallest)
    )
    return state.rows[-1]


def metrics_row(
    network: Network, epoch: int, tested: Evaluation, validation_error: float | None,
    misclassified: np.ndarray, cost: float, smallest: np.ndarray,
) -> dict:  # fmt: skip
    """The metrics of `epoch` (from 0), at whose end the network is as given.

    `validation_error`: a fraction, or None without a validation set; `misclassified` (n,) bool: per
    training sample; `cost`: summed over the training samples; `smallest`
    (n_layers,): the smallest |s_i| of each layer, infinite if none was computed.
    """
    row: dict[str, Any] = {
        "epoch": epoch + 1,
        "test_error": tested.error,
        **({} if validation_error is None else {"validation_error": validation_error}),
        "train_error": float(misclassified.mean()),
        "cost": cost / len(misclassified),
    }
    for k, layer in enumerate(network.layers):
        row[f"spike_count_{layer.name}"] = tested.spike_counts[k]
        row[f"silent_share_{layer.name}"] = tested.silent_shares[k]
        s = float(smallest[k])
        row[f"smallest_denominator_{layer.name}"] = "" if s == np.inf else s
    row["diverged"] = network.first_layer_not_finite() or ""
    return row


def epochs_of(network: Network, digits: Digits, epochs: int) -> Iterator[dict]:
    """Train a network for `epochs` epochs; yields the metrics of each.

    Stops after an epoch that leaves a weight that is not finite; its row names the layer.
    """
    state = TrainingState.start(network, digits)
    while state.epoch < epochs and not state.diverged:
        yield train_epoch(state)


def train(network: Network, digits: Digits, epochs: int) -> list[dict]:
    """Train a network for `epochs` epochs as `epochs_of` does; returns the metrics of each."""
    return list(epochs_of(network, digits, epochs))
