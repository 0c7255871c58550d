"""The quality of the polynomial fits, and the shape of the surfaces.

The truth for a fit comes from the surface itself: e_ij is linear in o_j (finding F4; to 0.2 %, see
`strsbp.spsp.expectation`), so all rows share one curve, e(o_j, o_i) = o_j phi(o_i). Averaging over
the rows reduces the noise of a single row by an order of magnitude, and a smoothing spline of phi
(SciPy, chosen by generalised cross-validation) provides the derivative.
"""

import numpy as np
from scipy.interpolate import make_smoothing_spline

from strsbp.spsp.simulate import Surface
from strsbp.spsp.table import EffectRatioTable

LOW_RATE = 10
"""Largest output count of the region `low_rates`."""


def shared_curve(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """phi(o_i) and its standard error for o_i = 1 .. grid: the least-squares slope in o_j."""
    weight = _slope_weights(len(surface.counts))
    error = np.sqrt(np.sum((weight * surface.standard_error) ** 2, axis=0))
    return shared_slope(surface.mean), error


def shared_slope(values: np.ndarray) -> np.ndarray:
    """The least-squares slope in o_j of `values`[o_j - 1, o_i - 1], for each o_i."""
    return np.sum(_slope_weights(len(values)) * values, axis=0)


def _slope_weights(grid: int) -> np.ndarray:
    o_j = np.arange(1.0, grid + 1)[:, None]
    return o_j / np.sum(o_j**2)


def curve_ratio(over: Surface, under: Surface) -> tuple[np.ndarray, np.ndarray]:
    """The ratio of the shared curves at o_i = 1 .. grid, and half its 95 % interval."""
    (phi, error), (base, base_error) = shared_curve(over), shared_curve(under)
    ratio = phi / base
    return ratio, 1.96 * ratio * np.hypot(error / phi, base_error / base)


def shared_spline(surface: Surface):
    """A smoothing spline of phi, with `.derivative()`; a SciPy BSpline.

    It passes through the origin, because e_ij is 0 without output spikes.
    """
    phi, error = shared_curve(surface)
    known = np.isfinite(error) & (error > 0)
    weights = np.where(known, 1 / np.square(np.where(known, error, 1.0)), 1.0)
    counts = np.append(0.0, surface.counts.astype(np.float64))
    weights = np.append(10 * weights.max(), weights)
    return make_smoothing_spline(counts, np.append(0.0, phi), w=weights / weights.mean())


def truth(surface: Surface, o_j, o_i) -> tuple[np.ndarray, np.ndarray]:
    """e and de/do_i at (o_j, o_i) from the shared curve of `surface`; the counts broadcast."""
    spline = shared_spline(surface)
    o_j, o_i = np.asarray(o_j, dtype=np.float64), np.asarray(o_i, dtype=np.float64)
    return o_j * spline(o_i), o_j * spline.derivative()(o_i)


def fit_errors(
    table: EffectRatioTable, surface: Surface, counts_out, region: str
) -> list[dict[str, object]]:
    """Errors of value and derivative of `table` over its rows and the given output counts.

    The relative error is the root mean square error over the root mean square of the truth.
    """
    o_j = np.arange(1, table.n_rows + 1)[:, None]
    o_i = np.asarray(counts_out)[None, :]
    expected = truth(surface, o_j, o_i)
    found = table.value(o_j, o_i), table.derivative(o_j, o_i)
    rows = []
    for name, actual, wanted in zip(("value", "derivative"), found, expected, strict=True):
        error = actual - wanted
        rms = np.sqrt(np.mean(error**2))
        scale = np.sqrt(np.mean(wanted**2))
        for quantity, value in (
            ("rms_error", rms),
            ("largest_error", np.abs(error).max()),
            ("relative_rms_error", rms / scale),
        ):
            rows.append({"region": region, "quantity": f"{name}_{quantity}", "value": value})
    return rows


def shape_of(surface: Surface) -> list[dict[str, object]]:
    """Linearity along both axes, and how close the surface is to rank one (finding F4).

    `r2_in_o_j`, `r2_in_o_i`: R^2 of a straight line, median over the other count;
    `second_singular_share`: the second singular value over the first.
    """
    in_o_j = [np.corrcoef(surface.counts, column)[0, 1] ** 2 for column in surface.mean.T]
    in_o_i = [np.corrcoef(surface.counts, row)[0, 1] ** 2 for row in surface.mean]
    singular = np.linalg.svd(surface.mean, compute_uv=False)
    quantities = {
        "r2_in_o_j": np.median(in_o_j),
        "r2_in_o_i": np.median(in_o_i),
        "second_singular_share": singular[1] / singular[0],
    }
    return [{"region": "grid", "quantity": k, "value": float(v)} for k, v in quantities.items()]


def waves(table: EffectRatioTable, surface: Surface) -> np.ndarray:
    """The oscillation of the fitted phi around the surface's own curve, o_i = 1 .. grid; (grid,).

    This is the deviation of the fit from the curve that all rows of the surface share, or 0
    throughout if it changes sign less than twice: a wrong scale or slope is no wave.
    """
    counts = surface.counts
    fitted = shared_slope(table.value(*np.meshgrid(counts, counts, indexing="ij")))
    deviation = fitted - shared_spline(surface)(counts)
    n_crossings = np.count_nonzero(np.diff(np.sign(deviation)))
    return deviation if n_crossings > 1 else np.zeros_like(deviation)


def wave_rows(table: EffectRatioTable, surface: Surface) -> list[dict[str, object]]:
    """Root mean squares of `waves` (`wave_size`) and of the shared curve's noise (`wave_noise`), in
    the regions `fitted` and `low_rates`."""
    found = {"wave_size": waves(table, surface), "wave_noise": shared_curve(surface)[1]}
    return [
        {"region": region, "quantity": name, "value": float(np.sqrt(np.mean(values[:last] ** 2)))}
        for region, last in (("fitted", None), ("low_rates", LOW_RATE))
        for name, values in found.items()
    ]


def quality(
    surfaces: dict[int, Surface], tables: dict[int, EffectRatioTable], spsp: str
) -> list[dict[str, object]]:
    """Fit errors of one simulation for each grid size, inside and outside the fitted range.

    `surfaces` and `tables` are keyed by grid size. Outside a grid, the surface of the largest grid
    is the truth. Rows of spsp, grid, region, quantity, value. Regions: `fitted` (1 .. grid),
    `low_rates` (1 .. 10), `common` (1 .. smallest grid), `extrapolated` (grid + 1 .. largest
    grid), `grid` (shape of the surface).
    """
    largest, smallest = max(surfaces), min(surfaces)
    rows = []
    for grid, table in tables.items():
        surface = surfaces[grid]
        here = fit_errors(table, surface, surface.counts, "fitted")
        here += fit_errors(table, surface, surface.counts[:LOW_RATE], "low_rates")
        here += fit_errors(table, surface, surface.counts[:smallest], "common")
        if grid < largest:
            beyond = np.arange(grid + 1, largest + 1)
            here += fit_errors(table, surfaces[largest], beyond, "extrapolated")
        here += shape_of(surface) + wave_rows(table, surface)
        rows += [{"spsp": spsp, "grid": grid, **row} for row in here]
    return rows


def blocked_bias(published: Surface, unblocked: Surface) -> dict[str, float]:
    """Relative bias due to blocked trials at the largest o_i (finding F2).

    `measured` (the ratio of the shared curves minus 1), `low` and `high` (its 95 % interval), and
    `expected` (-o_i / (2 T)).
    """
    ratio, spread = (values[-1] for values in curve_ratio(published, unblocked))
    return {
        "measured": ratio - 1,
        "low": ratio - 1 - spread,
        "high": ratio - 1 + spread,
        "expected": -published.counts[-1] / (2 * published.table.n_steps),
    }
