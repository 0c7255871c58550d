"""Gradients beside the true gradient of the expected loss."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator

from strsbp.files import read_csv
from strsbp.study.figures.style import INK, MUTED, figure, mathtext, series_styles

COLUMNS = (
    "state", "layer", "step", "estimator", "title", "against", "quantity", "mean", "low", "high",
)  # fmt: skip
_SPREAD = 0.62  # of the room of an estimator, over which layers and steps are spread


def plot_gradient_check(*, truth: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw the table of `summarise_gradient_check`, one row of panels per state of the weights.

    Left the cosines, in the middle what they differ from the first estimator's, right the CPU time.
    """
    rows = read_csv(truth, COLUMNS)
    titles = rows.dropna(subset="title").drop_duplicates("estimator").set_index("estimator")
    titles, states = titles["title"], list(rows["state"].drop_duplicates())
    layers = list(rows.loc[rows["layer"] != "all", "layer"].drop_duplicates())
    styles = dict(zip(layers, series_styles(), strict=False))
    height = 1.1 + max(len(states), 1) * (0.5 + 0.21 * max(len(titles), 1))
    with figure(png, svg, width=9.6, height=height) as drawn:
        axes = drawn.subplots(
            max(len(states), 1), 3, sharey=True, squeeze=False, sharex="col",
            gridspec_kw=dict(width_ratios=(4, 4, 2)),
        )  # fmt: skip
        for panels, state in zip(axes, states, strict=False):
            of_state = rows[rows["state"] == state]
            _draw(
                panels[0], of_state[of_state["quantity"] == "cosine"], "estimator", titles, styles
            )
            differences = of_state[of_state["quantity"] == "cosine_difference"]
            _draw(panels[1], differences, "against", titles, styles)
            _draw_times(panels[2], of_state[of_state["quantity"] == "cpu_ms"], titles)
            panels[0].set_yticks(range(len(titles)), [mathtext(title) for title in titles])
            panels[0].set_ylim(len(titles) - 0.5, -0.5)
            panels[0].set_title(state, loc="left")
            panels[0].axvline(1, color=INK, linewidth=0.8, linestyle="--")
            panels[1].axvline(0, color=INK, linewidth=0.8, linestyle="--")
        _limit_times(axes[0, 2], rows[(rows["quantity"] == "cpu_ms") & rows["title"].notna()])
        first = titles.iloc[0] if len(titles) else ""
        axes[-1, 0].set_xlabel("cosine to the true gradient")
        axes[-1, 1].set_xlabel(f"cosine of {mathtext(first)} minus cosine")
        axes[-1, 2].set_xlabel("CPU ms a sample")
        handles = [
            axes[0, 0].plot([], [], linestyle="", marker=style.marker, color=style.color,
                            label=layer)[0]
            for layer, style in styles.items()
        ]  # fmt: skip
        for filled, name in ((True, "small step"), (False, "large step")):
            handles += axes[0, 0].plot(
                [], [], linestyle="", marker="o", color=INK,
                markerfacecolor=INK if filled else "white", label=name,
            )  # fmt: skip
        drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _draw(ax, rows: pd.DataFrame, key: str, titles: pd.Series, styles) -> None:
    """Mean and interval of each estimator (named by the column `key`), layer and step."""
    known = rows.dropna(subset="mean")
    if known.empty:
        text = "the true gradient is 0\nor does not stand out from its noise"
        ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=MUTED)
        return
    steps = sorted(rows["step"].dropna().unique())
    n_places = len(styles) * len(steps)
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, n_places) if n_places > 1 else [0.0]
    places = [(layer, step) for layer in styles for step in steps]
    for row in known.itertuples():
        style = styles[row.layer]
        y = titles.index.get_loc(getattr(row, key)) + offsets[places.index((row.layer, row.step))]
        if not np.isnan(row.low):
            ax.plot([row.low, row.high], [y, y], color=style.color, linewidth=0.9)
        ax.plot(
            row.mean, y, marker=style.marker, markersize=3.5, color=style.color,
            markerfacecolor=style.color if row.step == steps[0] else "white",
        )  # fmt: skip


def _draw_times(ax, rows: pd.DataFrame, titles: pd.Series) -> None:
    for row in rows[rows["estimator"].isin(titles.index)].itertuples():
        ax.plot(row.mean, titles.index.get_loc(row.estimator), marker="|", color=INK, markersize=9)
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    # In a narrow panel: whole decades where there are some, else numbers between them.
    ax.xaxis.set_major_locator(LogLocator(subs=(1,) if high > 30 * low else (1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")


def _limit_times(ax, rows: pd.DataFrame) -> None:
    """From one marked time to another, for times may all lie between two of them."""
    times = rows.loc[rows["mean"] > 0, "mean"]
    if not times.empty:
        marks = np.outer(10.0 ** np.arange(-9, 10), (1, 2, 5)).ravel()
        first, last = np.searchsorted(marks, [times.min(), times.max()])
        ax.set_xlim(marks[max(first - 1, 0)], marks[min(last, marks.size - 1)])
