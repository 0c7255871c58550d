"""Heat maps over the grids of time constants and thresholds."""

from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.patches import Rectangle

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures import style

AXES = {
    "time_constants": (("tau_m", r"$\tau_m$ (ms)"), ("tau_s", r"$\tau_s$ (ms)")),
    "thresholds": (
        ("threshold_hidden", "hidden threshold (mV)"),
        ("threshold_output", "output thresh. (mV)"),
    ),
}
QUANTITIES = {
    "test_error": ("test error (%)", 100, ".1f"),
    "silent_share": ("silent neurons (%)", 100, ".0f"),
    "smallest_denominator": ("smallest $|s_i|$", 1, ".2f"),
}
"""Title, factor and format."""
OWN = dict(fill=False, edgecolor=style.INK, linewidth=2)
FAILED = dict(fill=False, edgecolor=style.INK, linewidth=1, linestyle=(0, (2, 1.5)))
INSET = 0.08
"""Distance of the frame of a failed cell from the cell's edge."""


@style.themed
def draw(*, summary: str | Path):
    """Draw one row of heat maps per grid and one column per quantity; darker is larger.

    A column has one colour scale; for the test error, it covers only the cells that trained.
    """
    names = [name for axes in AXES.values() for name, _ in axes]
    columns = ("arm", "grid", "of", "own", "quantity", "mean", "n_diverged", "n_failed", *names)
    cells = read_csv(summary, columns)
    cells = cells[(cells["of"] == "cell") & (cells["arm"] == cells["arm"].iloc[0])]
    for grid in AXES:
        if grid not in set(cells["grid"]):
            raise ResultsError(f"{summary} holds no cell of the grid '{grid}'; make it again.")
    heights = [
        cells.loc[cells["grid"] == grid, axes[0][0]].nunique() for grid, axes in AXES.items()
    ]
    figure = style.new_figure(2.4 + 0.3 * sum(heights))
    axes = figure.subplots(len(AXES), len(QUANTITIES), sharey="row", height_ratios=heights)
    for column, (quantity, (label, factor, form)) in zip(axes.T, QUANTITIES.items(), strict=True):
        shown = cells[cells["quantity"] == quantity].assign(value=lambda c, f=factor: f * c["mean"])
        trained = shown[shown["n_failed"] == 0] if quantity == "test_error" else shown
        limits = dict(vmin=trained["value"].min(), vmax=trained["value"].max())
        for ax, (grid, labels) in zip(column, AXES.items(), strict=True):
            _draw(ax, shown[shown["grid"] == grid], labels, limits, form)
        figure.colorbar(
            column[-1].collections[0], ax=column, location="bottom", label=label, aspect=12
        )
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    titles = ("test error", "silent neurons", "denominator") * len(AXES)
    style.letter(dict(zip(axes.flat, titles, strict=True)))
    handles = [Rectangle((0, 0), 1, 1, **OWN, label="published constants")]
    if (cells["n_failed"] > 0).any():
        handles.append(Rectangle((0, 0), 1, 1, **FAILED, label="a run failed"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _draw(ax, cells: pd.DataFrame, labels, limits: dict, form: str) -> None:
    (vertical, y_label), (horizontal, x_label) = labels
    table = cells.pivot(index=vertical, columns=horizontal, values="value").sort_index(
        ascending=False
    )
    sns.heatmap(
        table,
        ax=ax,
        cmap=sns.light_palette(style.COLOURS[4], as_cmap=True),
        annot=True,
        annot_kws=dict(color=style.INK),
        fmt=form,
        cbar=False,
        linewidths=1,
        **limits,
    )
    for cell in cells.to_dict("records"):
        x, y = table.columns.get_loc(cell[horizontal]), table.index.get_loc(cell[vertical])
        if cell["own"]:
            ax.add_patch(Rectangle((x, y), 1, 1, **OWN, zorder=4))
        if cell["n_failed"]:
            size = 1 - 2 * INSET
            ax.add_patch(Rectangle((x + INSET, y + INSET), size, size, **FAILED))
    ax.set_xticks(ax.get_xticks(), [f"{value:g}" for value in table.columns], rotation=0)
    ax.set_yticks(ax.get_yticks(), [f"{value:g}" for value in table.index], rotation=0)
    ax.set(xlabel=x_label, ylabel=y_label)
    ax.tick_params(length=0)
    ax.grid(False)
