"""CPU time per training sample of BPTT and of ST-RSBP, side by side.

The regulariser of ST-RSBP lets the weights of silent inputs decay until they are subnormal
numbers, with which some processors compute several times more slowly. PyTorch treats them as 0
after `torch.set_flush_denormal(True)`, which is what a user who met them would set; ST-RSBP's
engine avoids them by itself. So BPTT is timed both ways, with initial weights and with those of a
network that ST-RSBP has trained. All variants are timed in turn, so that a busy machine affects
all of them; only their ratios are meant to be quoted.

This module needs the extra `bptt`; import it where it is used.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from strsbp.data import Digits
from strsbp.engine.network import Network
from strsbp.files import write_csv
from strsbp.study.experiments.bptt.measure import Training
from strsbp.study.experiments.bptt.settings import TIME_COLUMNS, BpttTraining
from strsbp.study.inputs import Networks
from strsbp.training.epochs import train

SEED, N_TRAINED, N_TIMED, ROUNDS = 1, 10_000, 50, 3
"""Seed of the weights; most images in the training epoch and in a timed call; number of rounds."""


def measure_times(networks: Networks, settings: dict, *, out: str | Path) -> None:
    """Time training samples of an arm's network, before and after an epoch; write `out` (csv).

    One row per state of the weights, method, `flushed` (whether PyTorch rounds subnormal numbers to
    0) and round. BPTT is trained in batches of `settings.batch_size`, ST-RSBP in its batches of 1.
    """
    torch.set_num_threads(1)
    settings, digits = BpttTraining.model_validate(settings), networks.arm_digits
    timed = digits.first(min(N_TIMED, len(digits.train_labels)), 1)
    _strsbp(networks.build(SEED), timed)()  # compiles
    network = networks.build(SEED)
    rows = _rows("untrained", network, timed, settings)
    train(network, digits.first(min(N_TRAINED, len(digits.train_labels)), 1), 1)
    rows += _rows("trained", network, timed, settings)
    write_csv(pd.DataFrame(rows, columns=TIME_COLUMNS), out)


def _rows(state: str, network: Network, timed: Digits, settings: BpttTraining) -> list[dict]:
    kept = {name: array.copy() for name, array in network.state().items()}
    rows = []
    for turn in range(ROUNDS):
        for method, flushed in (("strsbp", False), ("bptt", False), ("bptt", True)):
            network.load_state(kept)
            if method == "strsbp":
                call = _strsbp(network, timed)
            else:
                call = partial(Training(network, timed, settings).train_epoch, 0)
            rows.append(
                dict(state=state, method=method, flushed=int(flushed), round=turn)
                | _timed(call, flushed, len(timed.train_labels))
            )
    network.load_state(kept)
    return rows


def _strsbp(network: Network, timed: Digits) -> Callable[[], object]:
    n = len(timed.train_labels)
    labels = timed.train_labels
    return partial(network.train_samples, timed.train_images, np.arange(n), labels, np.ones(n))


def _timed(call: Callable[[], object], flushed: bool, n: int) -> dict:
    torch.set_flush_denormal(flushed)
    try:
        began, wall_began = time.process_time(), time.perf_counter()
        call()
        spent, wall = time.process_time() - began, time.perf_counter() - wall_began
    finally:
        torch.set_flush_denormal(False)
    return dict(n_samples=n, cpu_ms=1e3 * spent / n, wall_ms=1e3 * wall / n)
