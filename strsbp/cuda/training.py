"""Epochs of a batch: the counterpart of `strsbp.training.epochs` for many replicas."""

from collections.abc import Callable, Sequence

import numpy as np

from strsbp.cuda.device import DeviceError
from strsbp.cuda.driver import Replicas, bytes_per_replica
from strsbp.training.epochs import TrainingState, epoch_order

USABLE_SHARE = 0.9
"""Share of the free device memory that a batch may use."""


def most_replicas(states: Sequence[TrainingState], xp) -> int:
    """How many of `states` fit into the free device memory; raises `DeviceError` if none does."""
    free, _ = xp.cuda.runtime.memGetInfo()
    networks, digits = [state.network for state in states], states[0].digits
    each = bytes_per_replica(networks, len(digits.train_labels), len(digits.test_labels))
    widest = max((layer.n_neurons for layer in networks[0].layers if layer.recurrent), default=0)
    shared = digits.train_images.nbytes + digits.test_images.nbytes + 8 * widest * (widest + 1)
    fitting = int((USABLE_SHARE * free - shared) // each)
    if fitting < 1:
        raise DeviceError(
            f"The GPU has {free / 1e6:.0f} MB free but a network of this arm needs "
            f"{(each + shared) / 1e6:.0f} MB; free memory or set `device: cpu`."
        )
    return fitting


def train_epochs(
    states: Sequence[TrainingState],
    epochs: int,
    xp,
    *,
    tick: Callable[[int], object] = lambda n: None,
    on_epoch: Callable[[list[TrainingState]], None] = lambda states: None,
) -> None:
    """Train `states` until each has `epochs` epochs or has diverged; changes them in place.

    They are runs of one arm on the same digits. Those with the same number of epochs train
    together; those that are behind catch up first. `tick(n)` is called after every n images (over
    all runs), `on_epoch` after each epoch with the runs that completed it.
    """
    replicas, trained = None, []
    while waiting := [state for state in states if state.epoch < epochs and not state.diverged]:
        epoch = min(state.epoch for state in waiting)
        group = [state for state in waiting if state.epoch == epoch]
        if replicas is None or group != trained:
            replicas = None  # free the memory before the next batch allocates its own
            networks = [state.network for state in group]
            replicas, trained = Replicas(networks, group[0].digits, xp), group
        _train_epoch(replicas, group, epoch, tick)
        on_epoch(group)


def _train_epoch(replicas: Replicas, states: list[TrainingState], epoch: int, tick) -> None:
    n_train, shuffle = replicas.n_train, replicas.template.model.shuffle
    orders = np.stack([epoch_order(one.network.seed, epoch, n_train, shuffle) for one in states])
    boost = np.stack([state.boost for state in states])

    def counted(n):
        tick(n * len(states))

    predictions, costs, smallest = replicas.train(orders, boost, epoch, counted)
    tests = replicas.evaluate(counted)
    for r, (state, arrays) in enumerate(zip(states, replicas.state(), strict=True)):
        state.network.load_state(arrays)
        cost = float(costs[r].sum())
        state.end_epoch(predictions[r], cost, smallest[r], [one[r] for one in tests])
