"""Fits of e_ij ranked by test error, with their errors in value and derivative."""

from pathlib import Path

import numpy as np

from strsbp.files import read_csv
from strsbp.study.figures.style import INK, figure, mathtext, series_styles

COLUMNS = ("rank", "title", "mean", "low", "high", "smallest_denominator")
PANELS = {
    "value": "relative error of $e_{ij}$",
    "derivative": r"relative error of $\partial e_{ij}/\partial o_i$",
}

SMALLEST = 1e-4
"""Relative error below which nothing is drawn."""


def plot_fits(*, fits: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw the file of `summarise_fits`, a row for each fit, the best test error above.

    Errors of value and derivative: inside the fitted grid (filled) and outside (open), by grid.
    """
    frame = read_csv(fits, COLUMNS)
    y = np.arange(len(frame))
    grids = sorted({int(name.rpartition("_")[2]) for name in frame if name.startswith("value_")})
    styles = dict(zip(grids, series_styles(), strict=False))
    with figure(png, svg, width=9.6, height=1.6 + 0.34 * len(frame)) as drawn:
        axes = drawn.subplots(1, 4, sharey=True, width_ratios=[1.2, 1.2, 1, 0.8])
        for ax, (name, label) in zip(axes, PANELS.items(), strict=False):
            for grid, style in styles.items():
                for region, face in (("inside", style.color), ("outside", "white")):
                    column = f"{name}_{region}_{grid}"
                    if column in frame:
                        ax.plot(frame[column], y, linestyle="", marker=style.marker,
                                color=style.color, markerfacecolor=face)  # fmt: skip
            ax.set_xscale("log")
            ax.set_xlim(left=SMALLEST)  # the expectation is off by rounding alone
            ax.set_xlabel(label)
        error = axes[2]
        error.plot(100 * frame["mean"], y, linestyle="", marker="o", color=INK)
        error.hlines(y, 100 * frame["low"], 100 * frame["high"], color=INK, linewidth=1.2)
        error.set_xlabel("test error (%)")
        axes[3].plot(frame["smallest_denominator"], y, linestyle="", marker="o", color=INK)
        axes[3].set_xlabel("smallest $|s_i|$")
        axes[0].set_yticks(y, [mathtext(title) for title in frame["title"]])
        axes[0].set_ylim(len(frame) - 0.5, -0.5)
        handles = [
            axes[0].plot([], [], linestyle="", marker=style.marker, color=style.color,
                         markerfacecolor=face, label=f"grid {grid}, {region} it")[0]
            for grid, style in styles.items()
            for region, face in (("inside", style.color), ("outside", "white"))
            if f"value_{region}_{grid}" in frame
        ]  # fmt: skip
        drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))
