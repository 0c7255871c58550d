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
from strsbp.spsp.adsorption import sequential_trains
from strsbp.study.summary.intervals import mean_interval
from strsbp.training.epochs import epoch_order

COLUMNS = ["finding", "setting", "quantity", "mean", "low", "high", "n", "unit_of_n"]
JAMMING_COUNTS = (50, 80, 100, 105, 110, 115)
BLOCKED_COUNTS = (10, 50, 100)
STUDY_GRID, STUDY_REPEATS = 100, 1000
"""Size of the larger simulation of the study."""
SAMPLE_COUNTS = (1_000, 10_000, 60_000)
VARIANTS = ("derived", "published")

MOST_TRAINS = 1000
"""Limit on the trains per count of F3; more would not sharpen any verdict."""


def measure_findings(
    *,
    out: str | Path,
    seed: int,
    repeats: int,
    shape: tuple[int, int, int] = (5, 5, 16),
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    n_steps: int = 400,
    gap: int = 3,
) -> None:
    """Measure F2, F3, F5 and F8 and write one tidy table (`COLUMNS`) with 95 % intervals.

    F3 draws `repeats` trains per count, but no more than `MOST_TRAINS`, of `n_steps` steps with at
    least `gap` between spikes; F5 draws one reservoir of `shape` per seed, F8 one order.
    """
    rows = [
        *_exact_rows(n_steps, gap),
        *_jamming_rows(np.random.default_rng([seed, 3]), min(repeats, MOST_TRAINS), n_steps, gap),
        *_reservoir_rows(shape, seeds),
        *_shuffle_rows(seeds),
    ]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def draws_until_full(
    rng: np.random.Generator, count: int, gap: int, n_steps: int
) -> tuple[bool, float]:
    """Draw one train of `count` spikes by rejection (F3): whether it ends, and its expected draws.

    Each time round(U * n_steps) is drawn until it is at least `gap` from the earlier ones. The
    number of draws per spike is geometric, so its mean is taken instead of drawing; a train that
    has no free place left never ends.
    """
    weight = np.full(n_steps + 1, 1 / n_steps)
    weight[[0, -1]] /= 2  # rounding gives both ends half an interval
    expected = 0.0
    for _ in range(count):
        free = weight.sum()
        if free <= 0:
            return False, expected
        expected += 1 / free
        time = rng.choice(n_steps + 1, p=weight / free)
        weight[max(time - gap + 1, 0) : time + gap] = 0
    return True, expected


def _exact_rows(n_steps: int, gap: int):
    """F2 and F3 without drawing: trains with a spike at t = 0, and trains that never end.

    In a simulation on the study's grid, each count occurs in one row and one column, and each of
    their cells draws one train per repeat; a single train that never ends stops the simulation.
    """
    most = max(*JAMMING_COUNTS, *BLOCKED_COUNTS, STUDY_GRID)
    ended, _ = sequential_trains(n_steps, gap, most)
    without_0, _ = sequential_trains(n_steps, gap, max(BLOCKED_COUNTS), first_place=1)
    exact = dict(low=np.nan, high=np.nan, n=0, unit_of_n="exact")
    for count in BLOCKED_COUNTS:
        share = 1 - without_0[count] / ended[count]
        yield exact | dict(
            finding="F2", setting=f"count {count}", quantity="share_with_spike_at_0", mean=share
        )
    for count in JAMMING_COUNTS:
        yield exact | dict(
            finding="F3", setting=f"count {count}", quantity="share_jammed_exact",
            mean=max(1 - ended[count], 0.0),
        )  # fmt: skip
    trains = 2 * STUDY_GRID * STUDY_REPEATS
    all_end = np.prod(np.minimum(ended[1 : STUDY_GRID + 1], 1.0)[1:] ** trains)
    yield exact | dict(
        finding="F3", setting=f"grid {STUDY_GRID}, {STUDY_REPEATS} repeats",
        quantity="share_of_simulations_jammed", mean=1 - all_end,
    )  # fmt: skip


def _jamming_rows(rng, repeats: int, n_steps: int, gap: int):
    from scipy import stats

    for count in JAMMING_COUNTS:
        trains = [draws_until_full(rng, count, gap, n_steps) for _ in range(repeats)]
        n_jammed = sum(not ended for ended, _ in trains)
        bounds = stats.binomtest(n_jammed, repeats).proportion_ci(0.95, method="wilson")
        known = dict(finding="F3", setting=f"count {count}", n=repeats, unit_of_n="trains")
        yield known | dict(
            quantity="share_jammed", mean=n_jammed / repeats, low=bounds.low, high=bounds.high
        )
        draws = mean_interval([draws for ended, draws in trains if ended])
        yield known | dict(quantity="draws_of_a_train_that_ends", **draws._asdict())


def reservoir_counts(shape, seed: int, variant: str) -> dict[str, float]:
    """Connections of one drawn reservoir, with and without self-connections, and its cycles.

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
        connections=float(exists.sum()),
        connections_to_others=float(others.sum()),
        neurons_on_cycles=float((sizes[component] > 1).sum()),
    )


def _reservoir_rows(shape, seeds):
    for variant in VARIANTS:
        drawn = [reservoir_counts(shape, seed, variant) for seed in seeds]
        for quantity in drawn[0]:
            values = mean_interval([one[quantity] for one in drawn])
            yield dict(
                finding="F5", setting=variant, quantity=quantity, n=len(drawn),
                unit_of_n="reservoirs", **values._asdict(),
            )  # fmt: skip


def share_moved(seed: int, n_samples: int) -> float:
    """Share of samples that change place from the published program's first epoch to its second."""
    first, second = (epoch_order(seed, epoch, n_samples, "published") for epoch in (0, 1))
    return float(np.mean(first != second))


def _shuffle_rows(seeds):
    for n_samples in SAMPLE_COUNTS:
        values = mean_interval([share_moved(seed, n_samples) for seed in seeds])
        yield dict(
            finding="F8", setting=f"{n_samples} samples", quantity="share_moved", n=len(seeds),
            unit_of_n="orders", **values._asdict(),
        )  # fmt: skip
