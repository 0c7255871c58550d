"""Fig. 1: how the published e_ij depends on the input count o_j and the output count o_i."""

from pathlib import Path

import numpy as np

from strsbp.files import ResultsError
from strsbp.study.figures.style import figure, series_styles
from strsbp.study.figures.surfaces import read_surfaces


def plot_fig1(*, surfaces: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw the largest published surface as a map and as slices along both counts."""
    rows = read_surfaces(surfaces)
    rows = rows[(rows["spsp"] == "published") & rows["mean"].notna()]
    if rows.empty:
        raise ResultsError(f"{surfaces} has no published surface; simulate it first.")
    grid = rows["grid"].max()
    surface = rows[rows["grid"] == grid].pivot(index="o_i", columns="o_j", values="mean")
    counts = [int(count) for count in np.unique(np.linspace(0.1, 1, 4) * grid).round()]
    with figure(png, svg, width=9.6, height=3.5) as drawn:
        map_ax, along_i, along_j = drawn.subplots(1, 3, width_ratios=(1.15, 1, 1))
        image = map_ax.pcolormesh(
            surface.columns, surface.index, surface, cmap="cividis", rasterized=True
        )
        contours = map_ax.contour(
            surface.columns, surface.index, surface, levels=6, colors="white", linewidths=0.8
        )
        map_ax.clabel(contours, fontsize=7)
        drawn.colorbar(image, ax=map_ax, label="$e_{ij}$", pad=0.02)
        map_ax.set(xlabel="input spike count $o_j$", ylabel="output spike count $o_i$")
        map_ax.set_title("surface")
        map_ax.grid(False)
        for ax, lines, name in ((along_i, surface, "o_j"), (along_j, surface.T, "o_i")):
            for count, style in zip(counts, series_styles(), strict=False):
                line = lines[count]
                ax.plot(
                    line.index, line, label=f"${name}$ = {count}",
                    markevery=max(1, len(line) // 8), **style.line,
                )  # fmt: skip
            ax.set_ylim(bottom=0)
            ax.set_ylabel("$e_{ij}$")
            ax.margins(x=0.02)
            ax.legend(
                loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2, borderaxespad=0,
                columnspacing=1.2,
            )  # fmt: skip
        along_i.set(xlabel="output spike count $o_i$")
        along_i.set_title("along the output count")
        along_j.set(xlabel="input spike count $o_j$")
        along_j.set_title("along the input count")
