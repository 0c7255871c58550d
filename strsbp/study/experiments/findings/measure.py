"""Measurements behind the findings about the published program (docs/algorithm.md, section 10).

Only those that no other results file provides: blocked trials (F2) and jamming (F3), the one-way
reservoir (F5) and the shuffle by swaps (F8). Random draws come from seeded generators; exact values
have no interval.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import write_csv
from strsbp.reference.reservoir import connection_probability, draw_cell_types, draw_connections
from strsbp.spsp.density import sequential_densities
from strsbp.study.summary.intervals import mean_interval
from strsbp.training.epochs import epoch_order

COLUMNS = ["finding", "setting", "quantity", "mean", "low", "high", "n", "unit_of_n"]
BLOCKED_COUNTS, JAMMED_COUNT = (50, 100), 110
STUDY_GRID, STUDY_REPEATS = 100, 1000
"""Size of the larger simulation of the study."""
SAMPLE_COUNTS = (10_000, 60_000)
VARIANTS = ("derived", "published")


def measure_findings(
    *,
    out: str | Path,
    shape: tuple[int, int, int] = (5, 5, 16),
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    n_steps: int = 400,
    gap: int = 3,
) -> None:
    """Measure F2, F3, F5 and F8 and write one tidy table (`COLUMNS`) with 95 % intervals.

    F2 and F3 are about trains of `n_steps` steps with at least `gap` between spikes; F5 draws one
    reservoir of `shape` per seed, F8 one order.
    """
    rows = [*_exact_rows(n_steps, gap), *_reservoir_rows(shape, seeds), *_shuffle_rows(seeds)]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _exact_rows(n_steps: int, gap: int):
    """F2 and F3 without drawing: trains with a spike at t = 0, and trains whose drawing never ends.

    In a simulation on the study's grid, each count occurs in one row and one column, and each of
    their cells draws one train per repeat; a single train whose drawing never ends stops the
    simulation.
    """
    drawn = sequential_densities(n_steps, gap, max(JAMMED_COUNT, STUDY_GRID), decay=1.0).drawn
    ended = np.append(1.0, drawn[1:].sum(axis=1) / np.arange(1, len(drawn)))
    trains = 2 * STUDY_GRID * STUDY_REPEATS
    all_end = np.prod(np.minimum(ended[2 : STUDY_GRID + 1], 1.0) ** trains)
    grid = f"grid {STUDY_GRID}, {STUDY_REPEATS} repeats"
    values = {
        ("F2", f"count {count}", "share_with_spike_at_0"): drawn[count, 0] / ended[count]
        for count in BLOCKED_COUNTS
    }
    values["F3", f"count {JAMMED_COUNT}", "share_jammed_exact"] = 1 - ended[JAMMED_COUNT]
    values["F3", grid, "share_of_simulations_jammed"] = 1 - all_end
    for described, value in values.items():
        yield _row(*described, [value], "exact") | dict(n=0)


def _row(finding: str, setting: str, quantity: str, values: Sequence[float], unit_of_n: str):
    described = dict(finding=finding, setting=setting, quantity=quantity)
    return described | mean_interval(values)._asdict() | dict(n=len(values), unit_of_n=unit_of_n)


def reservoir_counts(shape, seed: int, variant: str) -> dict[str, float]:
    """Connections of one drawn reservoir and its cycles.

    `neurons_on_cycles`: neurons that lie on a cycle longer than a self-connection, from the
    strongly connected components of the graph.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng([seed, 5])
    inhibitory = draw_cell_types(rng, int(np.prod(shape)))
    # Both variants use the same random numbers; only the probabilities differ.
    exists = draw_connections(rng, connection_probability(shape, inhibitory, variant))
    others = exists & ~np.eye(len(exists), dtype=bool)
    _, component = connected_components(csr_array(others), directed=True, connection="strong")
    sizes = np.bincount(component)
    return dict(
        connections=float(exists.sum()), neurons_on_cycles=float((sizes[component] > 1).sum())
    )


def _reservoir_rows(shape, seeds):
    for variant in VARIANTS:
        drawn = [reservoir_counts(shape, seed, variant) for seed in seeds]
        for quantity in drawn[0]:
            yield _row("F5", variant, quantity, [one[quantity] for one in drawn], "reservoirs")


def share_moved(seed: int, n_samples: int) -> float:
    """Share of samples that change place from the published program's first epoch to its second."""
    first, second = (epoch_order(seed, epoch, n_samples, "published") for epoch in (0, 1))
    return float(np.mean(first != second))


def _shuffle_rows(seeds):
    for n_samples in SAMPLE_COUNTS:
        values = [share_moved(seed, n_samples) for seed in seeds]
        yield _row("F8", f"{n_samples} samples", "share_moved", values, "orders")
