"""Training over the grids of time constants and thresholds: one network per cell and seed.

Every cell is trained with the effect-ratio table of its own time constants (section 6 of
docs/algorithm.md), just as the authors' tables are made for theirs.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.data import Digits
from strsbp.errors import TableError
from strsbp.files import write_text
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings, SimulatedTable
from strsbp.spsp import EffectRatioTable, fit_surface, simulate_surface
from strsbp.spsp.table import DEGREE
from strsbp.study.experiments.sweep.settings import Cell
from strsbp.training.epochs import epochs_of
from strsbp.training.run import metrics_csv

COEFFICIENTS = [f"c{power}" for power in range(DEGREE, -1, -1)]
"""Columns of the coefficients, highest power first."""


def simulate_tables(
    tables: Sequence[SimulatedTable],
    *,
    repeats: int,
    seed: int,
    out: str | Path,
    on_rows: Callable[[int], object] = lambda n_rows: None,
) -> None:
    """Simulate and fit every table of `tables`, all with `repeats` and `seed`; write `out` (csv).

    One row per table and input count `o_j`, with the coefficients of the polynomial.
    """
    frames = []
    for table in tables:
        surface = simulate_surface(table, repeats=repeats, seed=seed, on_rows=on_rows)
        frame = pd.DataFrame(fit_surface(surface).coefficients, columns=COEFFICIENTS)
        frame.insert(0, "table", table.key)
        frame.insert(1, "o_j", surface.counts)
        frames.append(frame)
    # Eight digits, as in the authors' text format.
    text = pd.concat(frames).to_csv(index=False, float_format="%.7e", lineterminator="\n")
    write_text(text, out)


def read_table_of(path: str | Path, key: str) -> EffectRatioTable:
    """The table called `key` in a file written by `simulate_tables`.

    Raises `TableError` if the file is unreadable or does not hold the table.
    """
    try:
        frame = pd.read_csv(path)
        rows = frame[frame["table"] == key].sort_values("o_j")
        if list(rows["o_j"]) != list(range(1, len(rows) + 1)) or rows.empty:
            raise TableError(f"{path} does not hold the table {key}; simulate the tables again.")
        return EffectRatioTable(rows[COEFFICIENTS].to_numpy(dtype=np.float64))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{path} is not a file of tables ({reason}); make it again.") from None


def measure_cell(
    cell: Cell,
    arm: ArmSettings,
    hidden: Sequence[LayerSettings],
    table: EffectRatioTable,
    digits: Digits,
    *,
    epochs: int,
    seeds: Sequence[int],
    out: str | Path,
    tick: Callable[[int], object] = lambda n: None,
) -> None:
    """Train `arm` with the constants of `cell` once per seed; write `out` (csv).

    One row per seed and epoch: the metrics of training and, over all layers, the share of neurons
    that are silent on the test images (`silent_share`) and the smallest |s_i|
    (`smallest_denominator`, empty if none was needed). A run ends early if a weight is not finite.
    `tick(n)` is called after n more images.
    """
    rows = []
    for seed in seeds:
        network = build_network(cell.arm(arm), hidden, table, seed, *digits.sizes)
        sizes = {layer.name: layer.n_neurons for layer in network.layers}
        for metrics in epochs_of(network, digits, epochs, tick):
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
