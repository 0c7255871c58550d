"""Training over the grids of time constants and thresholds: one network per cell and seed.

Every cell is trained with the effect-ratio table of its own time constants (section 6 of
docs/algorithm.md), just as the authors' tables are made for theirs.
"""

from collections.abc import Sequence
from pathlib import Path

from strsbp.files import write_text
from strsbp.study.inputs import Networks
from strsbp.training.epochs import epochs_of
from strsbp.training.run import metrics_csv


def measure_cell(networks: Networks, *, seeds: Sequence[int], out: str | Path) -> None:
    """Train a cell, the only arm of `networks`, once per seed; write `out` (csv).

    One row per seed and epoch: the metrics of training and, over all layers, the share of neurons
    that are silent on the test images (`silent_share`) and the smallest |s_i|
    (`smallest_denominator`, empty if none was needed). A run ends early if a weight is not finite.
    """
    rows, digits = [], networks.arm_digits
    for seed in seeds:
        network = networks.build(seed)
        sizes = {layer.name: layer.n_neurons for layer in network.layers}
        for metrics in epochs_of(network, digits, networks.first.epochs):
            rows.append(dict(seed=seed) | _whole_network(metrics, sizes) | metrics)
    write_text(metrics_csv(rows), out)


def _whole_network(metrics: dict, sizes: dict[str, int]) -> dict:
    silent = sum(n * metrics[f"silent_share_{layer}"] for layer, n in sizes.items())
    found = [metrics[f"smallest_denominator_{layer}"] for layer in sizes]
    known = [value for value in found if value != ""]
    return dict(
        silent_share=silent / sum(sizes.values()), smallest_denominator=min(known) if known else ""
    )
