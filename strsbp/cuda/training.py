"""Epochs of a batch: the counterpart of `strsbp.training.epochs` for many replicas."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from strsbp.cuda.device import DeviceError
from strsbp.cuda.driver import Replicas, bytes_per_replica, connections_of
from strsbp.data import Digits
from strsbp.engine.network import Network
from strsbp.reference.boosting import updated_boost
from strsbp.training.epochs import Evaluation, Progress, epoch_order, metrics_row

USABLE_SHARE = 0.9
"""Share of the free device memory that a batch may use."""


@dataclass
class ReplicaRun(Progress):
    """One seed's run between two epochs: `Network.state()`, boosting weights and metrics."""

    seed: int
    state: dict[str, np.ndarray]
    boost: np.ndarray
    rows: list[dict] = field(default_factory=list)

    def arrays(self) -> dict[str, np.ndarray]:
        """As `TrainingState.arrays`."""
        return {**self.state, "boost": self.boost}


def most_replicas(template: Network, runs: list[ReplicaRun], digits: Digits, xp) -> int:
    """How many of `runs` fit into the free device memory; raises `DeviceError` if none does."""
    free, _ = xp.cuda.runtime.memGetInfo()
    most_connections = connections_of(template, [run.state for run in runs])
    each = bytes_per_replica(
        template, most_connections, len(digits.train_labels), len(digits.test_labels)
    )
    widest = max((layer.n_neurons for layer in template.layers if layer.recurrent), default=0)
    shared = digits.train_images.nbytes + digits.test_images.nbytes + 8 * widest * (widest + 1)
    fitting = int((USABLE_SHARE * free - shared) // each)
    if fitting < 1:
        raise DeviceError(
            f"The GPU has {free / 1e6:.0f} MB free but a network of this arm needs "
            f"{(each + shared) / 1e6:.0f} MB; free memory or set `device: cpu`."
        )
    return fitting


def train_epochs(
    template: Network,
    runs: list[ReplicaRun],
    digits: Digits,
    epochs: int,
    xp,
    *,
    tick: Callable[[int], None] = lambda n: None,
    on_epoch: Callable[[list[ReplicaRun]], None] = lambda runs: None,
) -> None:
    """Train `runs` until each has `epochs` epochs or has diverged; changes them in place.

    Runs with the same number of epochs train together; runs that are behind catch up first.
    `template` is a network with the settings of all runs. `tick(n)` is called after every n images
    (over all runs), `on_epoch` after each epoch with the runs that completed it.
    """
    replicas, trained = None, []
    while waiting := [run for run in runs if run.epoch < epochs and not run.diverged]:
        epoch = min(run.epoch for run in waiting)
        group = [run for run in waiting if run.epoch == epoch]
        if replicas is None or group != trained:
            replicas = None  # free the memory before the next batch allocates its own
            seeds, states = [run.seed for run in group], [run.state for run in group]
            replicas, trained = Replicas(template, seeds, states, digits, xp), group
        _train_epoch(replicas, group, digits, epoch, tick)
        on_epoch(group)


def _train_epoch(replicas: Replicas, runs, digits: Digits, epoch: int, tick) -> None:
    network = replicas.template
    labels = digits.train_labels
    n_train, n_test = len(labels), digits.n_test
    shuffle = network.model.shuffle
    orders = np.stack([epoch_order(run.seed, epoch, n_train, shuffle) for run in runs])
    boost = np.stack([run.boost for run in runs])

    def counted(n):
        tick(n * len(runs))

    predictions, costs, smallest = replicas.train(orders, boost, epoch, counted)
    test_predictions, totals, silent = replicas.evaluate(counted)
    states = replicas.state()
    sizes = np.array([layer.n_neurons for layer in network.layers])
    for r, run in enumerate(runs):
        run.state = states[r]
        misclassified = predictions[r] != labels
        run.boost = updated_boost(run.boost, labels, misclassified, network.n_classes)
        # Summed in sequence like in `evaluate` on the CPU, for identical last digits.
        counts = np.cumsum(totals[r][:n_test] / sizes, axis=0)[-1] / n_test
        shares = np.cumsum(silent[r][:n_test] / sizes, axis=0)[-1] / n_test
        wrong = test_predictions[r] != digits.test_labels
        tested = Evaluation(float(wrong[:n_test].mean()), counts.tolist(), shares.tolist())
        validation = float(wrong[n_test:].mean()) if digits.n_validation else None
        cost = float(costs[r].sum())
        run.rows.append(
            metrics_row(
                network, run.state, epoch, tested, validation, misclassified, cost, smallest[r]
            )
        )
