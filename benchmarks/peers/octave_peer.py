"""The e_ij simulation as an interpreted loop in GNU Octave, as a substitute for MATLAB.

Only some cells of the grid are run, and the time for the whole grid is scaled from them.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "Octave"
SCRIPT = Path(__file__).with_name("eij.m")


@dataclass(frozen=True)
class Cell:
    """Mean of e_ij over the repeats of one pair of counts, and the seconds it took."""

    o_j: int
    o_i: int
    mean: float
    cpu_s: float
    wall_s: float


def find_octave() -> str | None:
    """The command, or None if Octave is not installed."""
    return shutil.which("octave-cli")


def version(octave: str) -> str:
    """Version of the interpreter."""
    first = subprocess.run([octave, "--version"], capture_output=True, text=True, check=True)
    return first.stdout.splitlines()[0].rpartition(" ")[2]


def spread_counts(grid: int, k: int) -> list[int]:
    """Middles of k equal parts of the counts 1 .. grid, whose mean cost is that of the grid."""
    return [(grid * (2 * part + 1)) // (2 * k) + 1 for part in range(k)]


def parse_cells(text: str) -> list[Cell]:
    """The cells that `eij.m` printed; raises `ValueError` for anything else."""
    cells = []
    for line in text.splitlines():
        o_j, o_i, mean, cpu, wall = line.split()
        cells.append(Cell(int(o_j), int(o_i), float(mean), float(cpu), float(wall)))
    return cells


def run_cells(octave: str, table, counts: list[int], repeats: int, seed: int) -> list[Cell]:
    """Simulate every pair of `counts` with the time constants of `table` (SimulatedTable)."""
    numbers = (
        table.n_steps, table.tau_m, table.tau_s, table.refractory_steps, repeats, seed,
    )  # fmt: skip
    done = subprocess.run(
        [octave, "--norc", str(SCRIPT), *map(str, numbers), ",".join(map(str, counts))],
        capture_output=True,
        text=True,
        check=True,
    )
    return parse_cells(done.stdout)
