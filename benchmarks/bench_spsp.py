"""Time the e_ij simulation on one core: `python benchmarks/bench_spsp.py`.

Prints CPU and wall time of the 50 x 50 and 100 x 100 grids with the authors' 1,000 repeats at
T = 400, without compilation.
"""

import time

import numba

from strsbp.settings import SimulatedTable
from strsbp.spsp import simulate_surface

REPEATS = 1000


def seconds(table: SimulatedTable, repeats: int) -> tuple[float, float]:
    """CPU and wall time of one simulation."""
    wall, cpu = time.perf_counter(), time.process_time()
    simulate_surface(table, repeats=repeats, seed=1)
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    numba.set_num_threads(1)
    for spsp in ("published", "corrected"):
        for grid in (5, 50, 100):
            table = SimulatedTable(
                spsp=spsp, grid=grid, tau_m=64, tau_s=8, refractory_steps=2, n_steps=400
            )
            cpu, wall = seconds(table, REPEATS)
            if grid > 5:  # the smallest is only for compilation
                print(f"{spsp} {grid} x {grid} x {REPEATS}: {cpu:.2f} s CPU, {wall:.2f} s wall")


if __name__ == "__main__":
    main()
