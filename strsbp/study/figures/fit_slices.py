"""Figs. 7a and 7b: slices of the simulated e_ij and of its polynomial fit on one grid."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.claims.entries import published_value
from strsbp.study.figures import style

SIMULATIONS = ("published", "corrected")
REFERENCE_POINT = dict(o_i=30, o_j=12)
"""The counts at which the study gives a value of the corrected e_ij."""
STEEP = 15
"""Output counts below which the fit's error and the derivative may leave their panels."""
ROWS = {
    "value": ("mean", "fit", "$e_{ij}$ (mV)"),
    "fit error": (None, "residual", "fit − simulation (mV)"),
    "derivative": ("derivative", "fit_derivative", r"$\partial e_{ij}/\partial o_i$ (mV)"),
}
"""Columns of the simulation (points) and of the fit (lines), and the label, of each row."""


@style.themed
def draw(*, surfaces: str | Path, claims: str | Path, grid: int, o_j: Sequence[int]):
    """Draw value, error and derivative of the fit on one grid, for some input counts.

    Outside the grid, the points come from the simulation on a larger grid, if there is one.
    """
    rows = read_csv(surfaces)
    rows = rows[rows["o_j"].isin(o_j)]
    figure = style.new_figure(6.4)
    axes = figure.subplots(len(ROWS), 2, sharex=True)
    for column, spsp in zip(axes.T, SIMULATIONS, strict=True):
        fitted = rows[(rows["spsp"] == spsp) & (rows["grid"] == grid)]
        last = fitted["o_i"].max()
        larger = rows[
            (rows["spsp"] == spsp) & (rows["grid"] > grid) & rows["o_i"].between(grid + 1, last)
        ]
        simulated = pd.concat([fitted, larger]).sort_values(["o_j", "o_i"])
        fitted = fitted.assign(residual=fitted["fit"] - fitted["mean"])
        for ax, (points, line, label) in zip(column, ROWS.values(), strict=True):
            _draw(ax, fitted, simulated, points, line, o_j, grid)
            ax.set_ylabel(label if ax in axes[:, 0] else "")
            ax.set_xlabel("output spike count $o_i$" if ax in axes[-1] else "")
            ax.axvspan(grid, last, color=style.OUTSIDE, zorder=0)
            ax.set_xlim(0, last)
    titles = [f"{name}, {spsp}" for name in ROWS for spsp in SIMULATIONS]
    style.letter(dict(zip(axes.flat, titles, strict=True)))
    value = published_value(claims, "corrected_reference_value")
    star = dict(color=style.INK, marker="*", markersize=10, linestyle="")
    axes[0, 1].plot(REFERENCE_POINT["o_i"], value, **star, zorder=5, markeredgecolor="white")
    names = {
        f"o_j = {count}": style.look(i, markerfacecolor="white") for i, count in enumerate(o_j)
    }
    names["outside the grid"] = dict(color=style.OUTSIDE, marker="s", markersize=10, linestyle="")
    names[f"study: {value:g} mV at o_j = {REFERENCE_POINT['o_j']}"] = star
    style.legend(figure, names)
    figure.align_ylabels(axes[:, 0])
    return figure


def _draw(ax, fitted, simulated, points, line, o_j, grid) -> None:
    style.plot(fitted, ax, o_j, x="o_i", y=line, color="o_j", linestyle="o_j").add(
        so.Line(linewidth=1.4), legend=False
    ).plot()
    shown = fitted.loc[fitted["o_i"].between(STEEP, grid), line]
    if points:
        every = max(1, int(simulated["o_i"].max()) // 25)
        some = simulated[(simulated["o_i"] % every == 1 % every) & simulated[points].notna()]
        style.plot(some, ax, o_j, x="o_i", y=points, color="o_j", marker="o_j").add(
            so.Dots(fillcolor="white", pointsize=3.5, stroke=0.8), legend=False
        ).plot()
        shown = simulated[points]
    if points == "derivative":
        shown = simulated.loc[simulated["o_i"] >= STEEP, points]
    # The simulation decides the range: a polynomial that leaves it leaves the panel.
    margin = 0.2 * (shown.max() - shown.min())
    ax.set_ylim(shown.min() - margin, shown.max() + margin)
