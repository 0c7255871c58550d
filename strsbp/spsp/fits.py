"""Fits to a simulated surface: the study's (specification, section 9), and others.

The others return a `SeparableTable` for the output counts 0 .. n_counts - 1. Fits of a single
curve are fitted to phi, the slope of e_ij in o_j (finding F4); the spline and the regressions
weight it by its standard error. To add a fit, write a function, add it to `FITS`, and add its name
to `strsbp.settings.TableSettings.fit`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.polynomial import Polynomial
from scipy.optimize import curve_fit

from strsbp.errors import TableError
from strsbp.settings import SimulatedTable
from strsbp.spsp.exact import ExactCurve, extended, read_curve
from strsbp.spsp.quality import shared_curve, shared_spline
from strsbp.spsp.simulate import Surface, load_surface
from strsbp.spsp.table import DEGREE, EffectRatioTable, SeparableTable, write_table


def fit_surface(surface: Surface) -> EffectRatioTable:
    """Least-squares polynomials of degree 4 in o_i = 1 .. grid, one per o_j."""
    # Fitted on [-1, 1], where the powers are well conditioned, then converted back.
    rows = [
        Polynomial.fit(surface.counts, values, DEGREE).convert().coef for values in surface.mean
    ]
    padded = [np.pad(row, (0, DEGREE + 1 - len(row))) for row in rows]
    return EffectRatioTable(np.array(padded)[:, ::-1])


def fit_spsp(*, surface: str | Path, table: str | Path) -> None:
    """Fit the simulated `surface` and write the `table` in the authors' format."""
    write_table(fit_surface(load_surface(surface)), table)


def polynomials(surface: Surface, n_counts: int, degree: int) -> SeparableTable:
    """Least-squares polynomials of `degree` in o_i = 1 .. grid, one per o_j, as published."""
    counts = surface.counts
    fitted = [Polynomial.fit(counts, row, degree, domain=(1, counts[-1])) for row in surface.mean]
    inputs = np.array([one.coef for one in fitted])
    scale = 2 / max(counts[-1] - 1, 1)  # maps 1 .. grid to [-1, 1]
    x = (np.arange(n_counts) - 1) * scale - 1
    powers = np.arange(degree + 1)[:, None]
    values = x**powers
    derivatives = scale * powers * x ** np.maximum(powers - 1, 0)
    return SeparableTable(inputs, values, derivatives)


def spline(surface: Surface, n_counts: int) -> SeparableTable:
    """A smoothing spline of phi, chosen by generalised cross-validation; linear past the grid."""
    fitted = shared_spline(surface)
    inside = np.arange(surface.counts[-1] + 1)
    curve = extended(fitted(inside), fitted.derivative()(inside), n_counts)
    return SeparableTable.of_curve(*curve, surface.counts[-1])


def logarithmic(surface: Surface, n_counts: int) -> SeparableTable:
    """phi = a log(1 + o_i / b)."""

    def phi(x, a, b):
        return a * np.log1p(x / b)

    a, b = _regression(phi, surface, (shared_curve(surface)[0].max() / 4, 2.0))
    x = np.arange(n_counts)
    return SeparableTable.of_curve(phi(x, a, b), a / (b + x), surface.counts[-1])


def saturating(surface: Surface, n_counts: int) -> SeparableTable:
    """phi = a (1 - exp(-o_i / b))."""

    def phi(x, a, b):
        return a * -np.expm1(-x / b)

    a, b = _regression(phi, surface, (shared_curve(surface)[0].max(), 5.0))
    x = np.arange(n_counts)
    return SeparableTable.of_curve(phi(x, a, b), a / b * np.exp(-x / b), surface.counts[-1])


def _regression(
    phi: Callable[..., np.ndarray], surface: Surface, start: tuple[float, float]
) -> np.ndarray:
    """The positive parameters that fit the function `phi` to the curve of `surface`."""
    measured, error = shared_curve(surface)
    known = np.isfinite(error).all() and (error > 0).all()
    try:
        found, _ = curve_fit(
            phi, surface.counts, measured, p0=start, sigma=error if known else None,
            bounds=(1e-9, np.inf),
        )  # fmt: skip
    except (RuntimeError, ValueError) as error:
        raise TableError(
            f"A regression to the surface {surface.table.key} found no solution ({error}); choose "
            "another fit."
        ) from None
    return found


def derivative(surface: Surface, n_counts: int) -> SeparableTable:
    """A cubic fitted to the slopes of phi between neighbouring counts, and its integral from 0.

    The slope between o and o + 1 is assigned to o + 1/2, starting at o = 0, where phi is 0.
    """
    phi, _ = shared_curve(surface)
    middles = surface.counts - 0.5
    slope = Polynomial.fit(middles, np.diff(phi, prepend=0.0), 3)
    x = np.arange(n_counts)
    return SeparableTable.of_curve(slope.integ(lbnd=0)(x), slope(x), surface.counts[-1])


def exact(curve: ExactCurve, n_counts: int) -> SeparableTable:
    """The exact mean itself, extrapolated linearly past the last count of the curve."""
    extrapolated = extended(curve.phi, curve.derivative, n_counts)
    return SeparableTable.of_curve(*extrapolated, curve.table.grid)


FITS: dict[str, Callable[[Surface, int], SeparableTable]] = {
    "spline": spline,
    "logarithmic": logarithmic,
    "saturating": saturating,
    "derivative": derivative,
}
"""Fits to a surface by their name in a config; polynomials also have a degree, so are not here."""


def fit_curve(surface: Surface, fit: str, n_counts: int) -> SeparableTable:
    """The fit called `fit`, such as `spline` or `polynomial6`; raises `TableError`."""
    if fit.removeprefix("polynomial").isdecimal():
        return polynomials(surface, n_counts, int(fit.removeprefix("polynomial")))
    if fit not in FITS:
        known = ", ".join(["polynomial<degree>", *FITS, "exact"])
        raise TableError(f"There is no fit '{fit}'; choose one of {known}.")
    return FITS[fit](surface, n_counts)


def write_fit(*, source: str | Path, table: str, fit: str, out: str | Path) -> None:
    """Write the `fit` of the named table; `source`: its surface or, for `exact`, its curve."""
    settings = SimulatedTable.from_key(table)
    n_counts = settings.n_steps + 1
    if fit == "exact":
        fitted = exact(read_curve(settings, source), n_counts)
    else:
        fitted = fit_curve(load_surface(source), fit, n_counts)
    write_table(fitted, out)
