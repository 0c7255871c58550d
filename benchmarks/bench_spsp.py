"""Time the e_ij simulation on one core: `python benchmarks/bench_spsp.py`.

Prints CPU and wall time of the 50 x 50 and 100 x 100 grids with the authors' 1,000 repeats at
T = 400, without compilation.
"""

import numba
from bench_engine import table_of
from machine import measure

from strsbp.spsp import simulate_surface

REPEATS = 1000

if __name__ == "__main__":
    numba.set_num_threads(1)
    for spsp in ("published", "corrected"):
        simulate_surface(table_of(5, spsp), repeats=2, seed=1)  # compiles
        for grid in (50, 100):
            table = table_of(grid, spsp)
            cpu, wall = measure(
                lambda table=table: simulate_surface(table, repeats=REPEATS, seed=1)
            )
            print(f"{spsp} {grid} x {grid} x {REPEATS}: {cpu:.2f} s CPU, {wall:.2f} s wall")
