"""Compare simulated tables with the published ones.

    python -m strsbp.spsp.compare FOLDER OUT.csv

simulates the published and corrected surfaces, fits them, compares them with the authors' text
files in FOLDER and writes the comparison. Its result is kept in
`resources/author_tables_comparison.csv`.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import write_csv
from strsbp.settings import SimulatedTable
from strsbp.spsp.fits import fit_surface
from strsbp.spsp.simulate import simulate_surface
from strsbp.spsp.table import Table, read_table

REPEATS = 1000
DRAWS = 20
"""Further simulations, which show how far two of them differ by chance."""
SOURCE = "effect-ratio files published with the ST-RSBP program and with the study"
_DEFAULTS = dict(tau_m=64, tau_s=8, refractory_steps=2, n_steps=400)
AUTHOR_TABLES = {
    "p_Tau_64_400.txt": SimulatedTable(spsp="published", grid=50, **_DEFAULTS),
    "p_Tau_64_400-100.txt": SimulatedTable(spsp="published", grid=100, **_DEFAULTS),
    "corrected_p_Tau_64_400-50.txt": SimulatedTable(spsp="corrected", grid=50, **_DEFAULTS),
}
"""The authors' files and the simulations that should reproduce them."""
AUTHOR_REPEATS = {"published": 1000, "corrected": 100}
"""Repeats with which the authors simulated them."""


def compare_tables(ours: Table, theirs: Table) -> dict[str, float]:
    """Differences over the common grid, relative to `theirs`.

    Keys: value_rms and derivative_rms (root mean square difference over root mean square),
    value_largest and derivative_largest (largest difference over largest value), value_ratio
    (ratio of the sums).
    """
    n = min(ours.n_rows, theirs.n_rows)
    o_j, o_i = np.meshgrid(np.arange(1, n + 1), np.arange(1, n + 1), indexing="ij")
    result = {}
    for name in ("value", "derivative"):
        a, b = getattr(ours, name)(o_j, o_i), getattr(theirs, name)(o_j, o_i)
        result[f"{name}_rms"] = float(np.sqrt(np.mean((a - b) ** 2) / np.mean(b**2)))
        result[f"{name}_largest"] = float(np.abs(a - b).max() / np.abs(b).max())
        if name == "value":
            result["value_ratio"] = float(a.sum() / b.sum())
    return result


def share_as_far(value: float, draws: pd.Series, perfect: float) -> float:
    """The share of `value` and `draws` that are at least as far from `perfect` as `value` is."""
    as_far = (draws - perfect).abs() >= abs(value - perfect)
    return float((as_far.sum() + 1) / (len(draws) + 1))


def author_comparison(folder: str | Path) -> pd.DataFrame:
    """Compare our tables with the authors' files in `folder`.

    Returns a frame with one row per file and measure: file, spsp, grid, measure, ours (our table,
    simulated with `REPEATS`, compared with the file), chance (the same, compared with `DRAWS`
    further tables of ours, simulated with the authors' repeats; the median), p (the share of these
    and of the file that differ from our table by at least as much as the file), repeats, source.
    Raises `TableError` for a file that is missing or not a table.
    """
    rows = []
    for name, table in AUTHOR_TABLES.items():
        theirs = read_table(Path(folder) / name)
        first = fit_surface(simulate_surface(table, repeats=REPEATS, seed=1))
        again = AUTHOR_REPEATS[table.spsp]
        draws = pd.DataFrame(
            compare_tables(first, fit_surface(simulate_surface(table, repeats=again, seed=seed)))
            for seed in range(2, 2 + DRAWS)
        )
        for measure, value in compare_tables(first, theirs).items():
            rows.append(
                dict(
                    file=name, spsp=table.spsp, grid=table.grid, measure=measure, ours=value,
                    chance=draws[measure].median(),
                    p=share_as_far(value, draws[measure], float(measure == "value_ratio")),
                    repeats=REPEATS, source=SOURCE,
                )
            )  # fmt: skip
    return pd.DataFrame(rows)


if __name__ == "__main__":
    write_csv(author_comparison(sys.argv[1]), sys.argv[2], digits=4)
