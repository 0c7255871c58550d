"""Test error over epochs: the drawing that Figs. 2, 3, 4 and 6 share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures.style import INK, figure, mathtext, series_styles

FEW = 3
"""With fewer runs than this, every run is drawn as a thin line: an interval says little."""

CURVE_COLUMNS = ("arm", "title", "tau_m", "epoch", "quantity", "mean", "low", "high")
MARKS = ((0, (1, 2)), (0, (6, 2, 1, 2)))
"""Lines of the study's own numbers."""


def plot_curves(
    *,
    curves: str | Path,
    seeds: str | Path,
    png: str | Path,
    svg: str | Path,
    panels: Mapping[str, Sequence[str]],
    epochs: int,
    published: Mapping[str, float] | None = None,
    label: Literal["title", "tau_m"] = "title",
    log: bool = False,
) -> None:
    """Draw the mean test error of each arm over epochs 1..epochs, one panel beside the other.

    A band is the 95 % interval of the mean; crosses mark runs that diverged. `published` holds
    the study's own numbers, label: error (a fraction), drawn as thin lines; `label` is the column
    that names the curves; `log` scales errors logarithmically.
    """
    mean_rows = _test_errors(read_csv(curves, (*CURVE_COLUMNS, "n_diverged")), curves, epochs)
    run_columns = ("arm", "seed", "epoch", "quantity", "value", "diverged")
    run_rows = _test_errors(read_csv(seeds, run_columns), seeds, epochs)
    with figure(png, svg, width=3.7 * max(2, len(panels)), height=3.7) as drawn:
        for ax, (title, arms) in zip(
            drawn.subplots(1, len(panels), sharey=True, squeeze=False)[0],
            panels.items(),
            strict=True,
        ):
            for arm, style in zip(arms, series_styles(), strict=False):
                rows = mean_rows[mean_rows["arm"] == arm]
                if rows.empty:
                    raise ResultsError(f"{curves} has no arm '{arm}'; summarise its runs first.")
                name = str(rows["title"].iloc[0])
                if label == "tau_m":
                    name = f"tau_m = {rows['tau_m'].iloc[0]:g}"
                _draw_arm(ax, rows, run_rows[run_rows["arm"] == arm], name, style)
            for (name, error), dashes in zip((published or {}).items(), MARKS, strict=False):
                ax.axhline(
                    100 * error, color=INK, linewidth=0.9, linestyle=dashes, zorder=1,
                    label=mathtext(f"{name}: {100 * error:.2f} %"),
                )  # fmt: skip
            _arrange(ax, title, epochs, log)
        drawn.axes[0].set_ylabel("test error (%)")


def _test_errors(rows: pd.DataFrame, path, epochs: int) -> pd.DataFrame:
    rows = rows[(rows["quantity"] == "test_error") & (rows["epoch"] <= epochs)]
    if rows.empty:
        raise ResultsError(f"{path} holds no test error; make it again.")
    return rows


def _draw_arm(ax, rows: pd.DataFrame, runs: pd.DataFrame, name: str, style) -> None:
    n_runs, n_diverged = runs["seed"].nunique(), int(rows["n_diverged"].max())
    if n_diverged:
        name += f" ({n_diverged} of {n_runs} diverged)"
    every = max(1, len(rows) // 10)  # about ten markers a curve
    ax.plot(
        rows["epoch"], 100 * rows["mean"], label=mathtext(name), markevery=every, zorder=3,
        **style.line,
    )  # fmt: skip
    if n_runs >= FEW:
        low, high = (100 * rows[name].fillna(rows["mean"]) for name in ("low", "high"))
        ax.fill_between(
            rows["epoch"],
            low.clip(lower=0),
            high.clip(upper=100),
            color=style.color,
            alpha=0.16,
            linewidth=0,
        )
    elif n_runs > 1:
        for _, run in runs.groupby("seed"):
            ax.plot(run["epoch"], 100 * run["value"], color=style.color, linewidth=0.6, alpha=0.7)
    ends = runs[runs["diverged"] == 1]
    ax.plot(
        ends["epoch"], 100 * ends["value"], linestyle="", marker="x", markersize=8,
        markeredgewidth=2, color=style.color, zorder=4,
    )  # fmt: skip


def _arrange(ax, title: str, epochs: int, log: bool) -> None:
    ax.set_title(mathtext(title))
    ax.set_xlabel("epoch")
    ax.set_xlim(0.5, epochs + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(_PercentLocator())
        ax.yaxis.set_major_formatter(FuncFormatter(lambda percent, _: f"{percent:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.minorticks_off()
    ax.legend(loc="best")


class _PercentLocator(MaxNLocator):
    """Round percentages, dense enough for a logarithmic axis that spans less than a decade."""

    def tick_values(self, vmin, vmax):
        ticks = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100]
        if vmax < 4 * vmin:
            ticks += [4, 6, 8, 9, 12, 17, 25, 35, 40, 60, 80, 90]
        return [tick for tick in ticks if vmin <= tick <= vmax]
