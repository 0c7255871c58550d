"""Monte-Carlo surfaces of e_ij over both spike counts (specification, section 9).

A cell (o_j, o_i) is the mean of e_ij over random pairs of trains. 64 repeats are simulated at once
as SIMD lanes, so a step of the recursion takes a few instructions for all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import prange
from tqdm import tqdm

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.compiled import inlined, parallel
from strsbp.errors import CheckpointError, SettingsError
from strsbp.settings import SimulatedTable
from strsbp.spsp.sampling import PRE, draw_on_slots, draw_with_gap

LANES = 64


@dataclass(frozen=True)
class Surface:
    """Mean of e_ij and its standard error, (grid, grid) float64 indexed [o_j - 1, o_i - 1]."""

    table: SimulatedTable
    repeats: int
    seed: int
    mean: np.ndarray
    standard_error: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """The spike counts 1 .. grid, the same on both axes."""
        return np.arange(1, self.table.grid + 1)


@inlined
def _run_lanes(corrected, draft, pre, post, decay_s, decay_m, gain_s, gain_m, hold, p, q, left, e):
    """One of the recursions in `strsbp.reference.spsp`, for all lanes, without branches."""
    n = pre.shape[0]
    p[:] = 0
    q[:] = 0
    e[:] = 0
    for lane in range(LANES):
        left[lane] = hold if (not corrected and post[0, lane] != 0) else np.int32(0)
    if corrected:
        for t in range(n - 1):
            s_in, s_out = pre[t], post[t + 1]
            for lane in range(LANES):
                held = left[lane] > 0
                v = np.float32(0.0) if held else q[lane] * decay_m + gain_m * p[lane]
                fires = s_out[lane] != 0 and not held
                remaining = left[lane] - np.int32(1) if held else np.int32(0)
                read = q[lane] if draft else v
                e[lane] += read if fires else np.float32(0.0)
                left[lane] = hold if fires else remaining
                p[lane] = p[lane] * decay_s + gain_s * np.float32(s_in[lane])
                q[lane] = v
    else:
        for t in range(1, n):
            s_in, s_out = pre[t - 1], post[t]
            for lane in range(LANES):
                a = p[lane] * decay_s + np.float32(s_in[lane])
                v = q[lane] * decay_m + gain_m * a
                fires = s_out[lane] != 0
                held = left[lane] > 0
                remaining = left[lane] - np.int32(1) if held else np.int32(0)
                v = np.float32(0.0) if held else v
                e[lane] += v if fires else np.float32(0.0)
                left[lane] = hold if fires else remaining
                p[lane] = a
                q[lane] = np.float32(0.0) if fires else v


@parallel
def _simulate_rows(
    first_row, last_row, corrected, draft, blocked, tau_m, tau_s, refractory_steps, n_steps,
    repeats, seed, mean, standard_error,
):  # fmt: skip
    """Fill rows first_row .. last_row - 1; the mean is NaN if no train could be drawn."""
    grid = mean.shape[1]
    n_cells = (last_row - first_row) * grid
    decay_s, decay_m = np.float32(1 - 1 / tau_s), np.float32(1 - 1 / tau_m)
    gain_s = np.float32(1 / tau_s)
    gain_m = np.float32(1 / tau_m) if corrected else np.float32(1 / tau_s)
    hold = np.int32(refractory_steps)
    gap = refractory_steps + 1
    spacing = max(refractory_steps, 1)
    for cell in prange(n_cells):
        row, column = first_row + cell // grid, cell % grid
        o_j, o_i = row + 1, column + 1
        pre = np.zeros((n_steps + 1, LANES), dtype=np.uint8)
        post = np.zeros((n_steps + 1, LANES), dtype=np.uint8)
        p, q = np.zeros(LANES, dtype=np.float32), np.zeros(LANES, dtype=np.float32)
        e, left = np.zeros(LANES, dtype=np.float32), np.zeros(LANES, dtype=np.int32)
        buffer = np.zeros(4, dtype=np.uint32)
        taken = np.zeros(n_steps + 1, dtype=np.uint8)
        slots = np.zeros(n_steps // spacing, dtype=np.int64)
        times = np.zeros(grid, dtype=np.int64)
        total = 0.0
        squares = 0.0
        ok = True
        for start in range(0, repeats, LANES):
            n_lanes = min(LANES, repeats - start)
            pre[:] = 0
            post[:] = 0
            for lane in range(n_lanes):
                repeat = start + lane
                for side in range(2):
                    count = o_j if side == PRE else o_i
                    if corrected:
                        draw_on_slots(
                            count, spacing, seed, side, o_j, o_i, repeat, buffer, slots, times
                        )
                    else:
                        ok = ok and draw_with_gap(
                            count, gap, n_steps, seed, side, o_j, o_i, repeat, buffer, taken, times
                        )
                    target = pre if side == PRE else post
                    for k in range(count):
                        target[times[k], lane] = 1
            if not ok:
                break
            _run_lanes(
                corrected, draft, pre, post, decay_s, decay_m, gain_s, gain_m, hold, p, q, left, e
            )
            for lane in range(n_lanes):
                # Finding F2: the published program misses a spike at t = 0 and all later ones.
                value = 0.0 if blocked and post[0, lane] != 0 else np.float64(e[lane])
                total += value
                squares += value * value
        average = total / repeats
        mean[row, column] = average if ok else np.nan
        if repeats > 1:
            variance = max(squares / repeats - average * average, 0.0) / (repeats - 1)
            standard_error[row, column] = np.sqrt(variance)


def simulate_surface(
    table: SimulatedTable,
    *,
    repeats: int,
    seed: int,
    on_rows: Callable[[int], object] = lambda n_rows: None,
) -> Surface:
    """Simulate e_ij for all counts 1 .. grid of both neurons.

    `repeats`: random pairs per cell; `seed` determines every train, whatever the number of
    threads; `on_rows(n)` is called after every n rows, for a progress bar. Raises `SettingsError`
    if `repeats` is below 1, if no train has room for the largest count, or if none could be drawn.
    """
    if repeats < 1:
        raise SettingsError(f"repeats is {repeats}; simulate at least one pair of trains per cell.")
    table.check_grid()
    grid = table.grid
    mean, standard_error = np.zeros((grid, grid)), np.full((grid, grid), np.nan)
    chunk = max(1, grid // 10)
    for first_row in range(0, grid, chunk):
        last_row = min(first_row + chunk, grid)
        _simulate_rows(
            first_row, last_row, table.on_slots, table.spsp == "corrected_draft",
            table.spsp == "published",
            table.tau_m, table.tau_s, table.refractory_steps, table.n_steps, repeats, seed, mean,
            standard_error,
        )  # fmt: skip
        jammed = np.argwhere(np.isnan(mean))
        if jammed.size:
            raise SettingsError(
                f"No train of {jammed[0].max() + 1} spikes at least {table.refractory_steps + 1} "
                f"steps apart was found in {table.n_steps} steps (trains jam near this density); "
                "lower the grid or raise n_steps."
            )
        on_rows(last_row - first_row)
    return Surface(table, repeats, seed, mean, standard_error)


def save_surface(surface: Surface, path: str | Path) -> None:
    """Write a surface as .npz, atomically and without pickle."""
    save_checkpoint(
        path,
        {"mean": surface.mean, "standard_error": surface.standard_error},
        {"table": surface.table.model_dump(), "repeats": surface.repeats, "seed": surface.seed},
    )


def load_surface(path: str | Path) -> Surface:
    """Read a surface; raises `CheckpointError` if the file is damaged or not a surface."""
    arrays, document = load_checkpoint(path)
    try:
        table = SimulatedTable.model_validate(document["table"])
        repeats, seed = document["repeats"], document["seed"]
        return Surface(table, repeats, seed, arrays["mean"], arrays["standard_error"])
    except (KeyError, ValueError):
        raise CheckpointError(
            f"{path} does not contain a simulated surface; simulate it again."
        ) from None


def simulate_spsp(*, table: str, repeats: int, seed: int, surface: str | Path) -> None:
    """Simulate the surface of the table named `table`, with a progress bar, and save it."""
    settings = SimulatedTable.from_key(table)
    with tqdm(total=settings.grid, desc=table, unit="row", disable=None) as bar:
        simulated = simulate_surface(settings, repeats=repeats, seed=seed, on_rows=bar.update)
    save_surface(simulated, surface)
