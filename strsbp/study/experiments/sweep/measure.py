"""Training over the grids of time constants and thresholds: one network per cell and seed.

Every cell is trained with the effect-ratio table of its own time constants (section 6 of
docs/algorithm.md), just as the authors' tables are made for theirs.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from strsbp.errors import TableError
from strsbp.files import read_csv, write_text
from strsbp.network import build_network
from strsbp.settings import SimulatedTable
from strsbp.spsp.fits import fit_surface
from strsbp.spsp.simulate import simulate_surface
from strsbp.spsp.table import DEGREE, EffectRatioTable
from strsbp.study.experiments.sweep.settings import own_table
from strsbp.study.inputs import Networks
from strsbp.training.epochs import epochs_of
from strsbp.training.run import metrics_csv

COEFFICIENTS = [f"c{power}" for power in range(DEGREE, -1, -1)]
"""Columns of the coefficients, highest power first."""


def simulate_tables(tables: Sequence[str], *, repeats: int, seed: int, out: str | Path) -> None:
    """Simulate and fit the tables named `tables`, all with `repeats` and `seed`; write `out` (csv).

    One row per table and input count `o_j`, with the coefficients of the polynomial.
    """
    frames = []
    for key in tqdm(tables, unit="table", disable=None):
        surface = simulate_surface(SimulatedTable.from_key(key), repeats=repeats, seed=seed)
        frame = pd.DataFrame(fit_surface(surface).coefficients, columns=COEFFICIENTS)
        frame.insert(0, "table", key)
        frame.insert(1, "o_j", surface.counts)
        frames.append(frame)
    # Eight digits, as in the authors' text format.
    text = pd.concat(frames).to_csv(index=False, float_format="%.7e", lineterminator="\n")
    write_text(text, out)


def read_table_of(path: str | Path, key: str) -> EffectRatioTable:
    """The table called `key` in a file written by `simulate_tables`.

    Raises `TableError` if the file does not hold the table.
    """
    frame = read_csv(path, ("table", "o_j", *COEFFICIENTS))
    rows = frame[frame["table"] == key].sort_values("o_j")
    if rows.empty:
        raise TableError(f"{path} does not hold the table {key}; simulate the tables again.")
    return EffectRatioTable(rows[COEFFICIENTS].to_numpy(dtype=np.float64))


def measure_cell(
    networks: Networks, simulated: str | Path, *, seeds: Sequence[int], out: str | Path
) -> None:
    """Train a cell, the only arm of `networks`, once per seed; write `out` (csv).

    `simulated`: the file of `simulate_tables` with the cell's table.
    One row per seed and epoch: the metrics of training and, over all layers, the share of neurons
    that are silent on the test images (`silent_share`) and the smallest |s_i|
    (`smallest_denominator`, empty if none was needed). A run ends early if a weight is not finite.
    """
    rows, cell, digits = [], networks.first, networks.arm_digits
    table = read_table_of(simulated, own_table(cell).key)
    for seed in seeds:
        network = build_network(cell, networks.layers, table, seed, *digits.sizes)
        sizes = {layer.name: layer.n_neurons for layer in network.layers}
        for metrics in epochs_of(network, digits, cell.epochs):
            rows.append(dict(seed=seed) | _whole_network(metrics, sizes) | metrics)
    write_text(metrics_csv(rows), out)


def _whole_network(metrics: dict, sizes: dict[str, int]) -> dict:
    silent = sum(n * metrics[f"silent_share_{layer}"] for layer, n in sizes.items())
    found = [metrics[f"smallest_denominator_{layer}"] for layer in sizes]
    known = [value for value in found if value != ""]
    return dict(
        silent_share=silent / sum(sizes.values()),
        smallest_denominator=min(known) if known else "",
    )
