"""Slices of the simulated e_ij surface beside its polynomial fit: Figs. 7a and 7b."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures.style import INK, MUTED, OUTSIDE, figure, series_styles

SURFACE_COLUMNS = (
    "spsp", "grid", "o_j", "o_i", "mean", "standard_error", "fit", "derivative", "fit_derivative",
)  # fmt: skip
SPSP_TITLES = {"published": "published simulation", "corrected": "corrected simulation"}
REFERENCE_POINT = dict(o_i=30, o_j=12)
"""The counts at which the study gives a value of the corrected e_ij."""


def read_surfaces(path: str | Path) -> pd.DataFrame:
    """The surfaces' file, with the columns that the figures draw."""
    return read_csv(path, SURFACE_COLUMNS)


def plot_fit_slices(
    *,
    surfaces: str | Path,
    grid: int,
    o_j: tuple[int, ...],
    published: float | None,
    png: str | Path,
    svg: str | Path,
) -> None:
    """Value and derivative of the fit on one grid, inside and outside it, for some input counts.

    Points are the simulation (outside the grid, that of a larger grid where there is one), lines
    the degree-4 polynomials. `published` is the study's corrected value at `REFERENCE_POINT`.
    """
    rows = read_surfaces(surfaces)
    with figure(png, svg, width=7.4, height=5.4) as drawn:
        axes = drawn.subplots(2, 2, sharex=True)
        for (value_ax, derivative_ax), (spsp, title) in zip(axes, SPSP_TITLES.items(), strict=True):
            fitted = rows[(rows["spsp"] == spsp) & (rows["grid"] == grid)]
            if fitted.empty:
                raise ResultsError(f"{surfaces} has no {spsp} surface on the {grid}-grid.")
            larger = rows[(rows["spsp"] == spsp) & (rows["grid"] > grid) & (rows["o_i"] > grid)]
            for ax, simulated, fit in (
                (value_ax, "mean", "fit"),
                (derivative_ax, "derivative", "fit_derivative"),
            ):
                _draw_slices(ax, fitted, larger, grid, o_j, simulated, fit)
            if spsp == "corrected" and published is not None:
                _mark_reference(value_ax, published)
            value_ax.set_title(f"{title}: value")
            value_ax.set_ylabel("$e_{ij}$")
            derivative_ax.set_title(f"{title}: derivative")
            derivative_ax.set_ylabel(r"$\partial e_{ij} / \partial o_i$")
        for ax in axes[1]:
            ax.set_xlabel("output spike count $o_i$")
        handles, labels = axes[1, 0].get_legend_handles_labels()
        drawn.legend(
            handles, labels, loc="outside lower center", ncols=len(labels), columnspacing=1
        )


def _draw_slices(ax, fitted, larger, grid, o_j, simulated, fit) -> None:
    last = fitted["o_i"].max()
    ax.axvspan(grid, last, color=OUTSIDE, zorder=0)
    ax.annotate(
        "outside\nthe grid", (grid, 1), xycoords=("data", "axes fraction"), xytext=(4, -4),
        textcoords="offset points", va="top", fontsize=7.5, color=MUTED,
    )  # fmt: skip
    shown = []
    for count, style in zip(o_j, series_styles(), strict=False):
        line = fitted[fitted["o_j"] == count]
        points = pd.concat([line, larger[larger["o_j"] == count]]).dropna(subset=simulated)
        points = points[points["o_i"] <= last]
        shown.append(points[simulated])
        ax.plot(line["o_i"], line[fit], color=style.color, linestyle=style.linestyle, zorder=3)
        ax.plot(
            points["o_i"], points[simulated], linestyle="", marker=style.marker, markersize=3.2,
            markerfacecolor="white", markeredgecolor=style.color, markeredgewidth=0.8,
            markevery=max(1, len(points) // 30), zorder=2,
        )  # fmt: skip
        ax.plot([], [], label=f"$o_j$ = {count}", **style.line)
    # The simulation decides the scale: a polynomial that leaves it leaves the panel.
    low, high = min(map(np.min, shown)), max(map(np.max, shown))
    ax.set_ylim(low - 0.15 * (high - low), high + 0.35 * (high - low))
    ax.set_xlim(0, last)


def _mark_reference(ax, value: float) -> None:
    ax.plot(
        REFERENCE_POINT["o_i"], value, marker="*", markersize=11, color=INK, zorder=5,
        markeredgecolor="white", markeredgewidth=0.6,
        linestyle="", label=f"study: {value:g} at $o_j$ = {REFERENCE_POINT['o_j']}",
    )  # fmt: skip
