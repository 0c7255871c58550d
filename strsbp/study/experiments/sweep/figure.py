"""Heat maps over the grids of time constants and thresholds."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.patches import Patch, Rectangle

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures.style import INK, MUTED, OUTSIDE, figure

GRIDS = {
    "time_constants": (
        ("tau_m", r"membrane $\tau_m$ (ms)"),
        ("tau_s", r"synapse $\tau_s$ (ms)"),
    ),
    "thresholds": (
        ("threshold_hidden", "hidden threshold (mV)"),
        ("threshold_output", "output threshold (mV)"),
    ),
}
PANELS = {
    "test_error": ("test error (%)", 100, ".1f", "cividis_r"),
    "silent_share": ("silent neurons (%)", 100, ".0f", "cividis_r"),
    "smallest_denominator": ("smallest |$s_i$|", 1, ".2f", "cividis"),
}
"""Title, factor, format and colours of each quantity; darker is worse in all."""


def plot_sweep(*, constants: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw the file of `summarise_sweep`: a row for each grid, a column for each quantity.

    A quantity has one scale of colours in both rows; that of the test error ends at the largest
    of the cells that trained. The arm's own cell is framed, cells in which a run failed are
    hatched, and a cross marks those in which a weight stopped being finite.
    """
    names = [name for axes in GRIDS.values() for name, _ in axes]
    columns = ("grid", "of", "own", "quantity", "mean", "n_diverged", "n_failed", *names)
    cells = read_csv(constants, columns)
    cells = cells[cells["of"] == "cell"]
    shapes = {grid: _shape(cells[cells["grid"] == grid], grid, constants) for grid in GRIDS}
    rows, width = [n for n, _ in shapes.values()], max(n for _, n in shapes.values())
    height = 1.8 + 0.36 * max(sum(rows), 8) + 0.5 * len(rows)
    with figure(png, svg, width=3.2 + 1.7 * width, height=height) as drawn:
        axes = drawn.subplots(
            len(GRIDS), len(PANELS), squeeze=False, gridspec_kw=dict(height_ratios=rows)
        )
        for column, (quantity, (title, *how)) in zip(axes.T, PANELS.items(), strict=True):
            shown = cells[cells["quantity"] == quantity]
            norm = _norm(shown, quantity)
            for ax, (grid, (vertical, horizontal)) in zip(column, GRIDS.items(), strict=True):
                _draw(ax, shown[shown["grid"] == grid], vertical[0], horizontal[0], norm, *how)
                ax.set_xlabel(horizontal[1])
                if quantity == next(iter(PANELS)):
                    ax.set_ylabel(vertical[1])
            column[0].set_title(title)
        drawn.legend(
            handles=[
                Patch(facecolor="white", edgecolor=INK, linewidth=1.8, label="the arm's constants"),
                Patch(facecolor=OUTSIDE, edgecolor=MUTED, hatch="///", label="a run failed"),
                mpl.lines.Line2D(
                    [], [], linestyle="", marker="x", color=INK, label="a weight was not finite"
                ),
            ],
            loc="outside lower center",
            ncols=3,
        )


def _shape(cells: pd.DataFrame, grid: str, path) -> tuple[int, int]:
    if cells.empty:
        raise ResultsError(f"{path} holds no cell of the grid '{grid}'; make it again.")
    return tuple(cells[name].nunique() for name, _ in GRIDS[grid])


def _norm(cells: pd.DataFrame, quantity: str) -> Normalize:
    trained = cells[cells["n_failed"] == 0]
    scaled = trained if quantity == "test_error" and not trained.empty else cells
    return Normalize(scaled["mean"].min(), scaled["mean"].max())


def _draw(ax, cells: pd.DataFrame, vertical, horizontal, norm, factor, form, colours) -> None:
    y_values, x_values = (sorted(cells[name].unique()) for name in (vertical, horizontal))
    colour_map = mpl.colormaps[colours]
    for _, cell in cells.iterrows():
        x, y = x_values.index(cell[horizontal]), y_values.index(cell[vertical])
        failed, known = cell["n_failed"] > 0, not np.isnan(cell["mean"])
        beyond = not known or cell["mean"] > norm.vmax
        colour = OUTSIDE if beyond else colour_map(float(norm(cell["mean"])))
        ink = "white" if np.dot(mpl.colors.to_rgb(colour), (0.3, 0.59, 0.11)) < 0.5 else INK
        ax.add_patch(
            Rectangle(
                (x - 0.5, y - 0.5), 1, 1, facecolor=colour, hatch="///" if failed else None,
                edgecolor=MUTED if failed else "white", linewidth=0.6,
            )
        )  # fmt: skip
        ax.text(
            x, y, f"{factor * cell['mean']:{form}}" if known else "–", color=ink, fontsize=8,
            ha="center", va="center", zorder=4,
            bbox=dict(facecolor=colour, edgecolor="none", pad=0.8) if failed else None,
        )  # fmt: skip
        if cell["n_diverged"]:
            ax.plot(x + 0.36, y + 0.3, marker="x", color=ink, markersize=5, zorder=5)
        if cell["own"]:
            for colour, width in (("white", 3.2), (INK, 1.8)):
                ax.add_patch(
                    Rectangle(
                        (x - 0.46, y - 0.44), 0.92, 0.88, facecolor="none", edgecolor=colour,
                        linewidth=width, zorder=3,
                    )
                )  # fmt: skip
    ax.set_xticks(range(len(x_values)), [f"{value:g}" for value in x_values])
    ax.set_yticks(range(len(y_values)), [f"{value:g}" for value in y_values])
    ax.set_xlim(-0.5, len(x_values) - 0.5)
    ax.set_ylim(-0.5, len(y_values) - 0.5)
    ax.grid(False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
