"""BPTT beside ST-RSBP and HM2-BP: test error over epochs and over seconds."""

from pathlib import Path

import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures.style import MUTED, figure, mathtext, series_styles

METHODS = ("strsbp", "hm2bp", "bptt")
"""In the order of their styles."""
CURVE_COLUMNS = (
    "method", "title", "quantity", "epoch", "seconds", "mean", "low", "high", "n_seeds",
)  # fmt: skip


def plot_bptt(*, bptt: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw the file of `summarise_bptt`: means over seeds, with bands of 95 % intervals.

    Left over epochs, right over seconds, logarithmic, where the methods' times are known.
    """
    rows = read_csv(bptt, CURVE_COLUMNS)
    rows = rows[rows["quantity"] == "test_error"]
    if rows.empty:
        raise ResultsError(f"{bptt} holds no test error; make it again.")
    with figure(png, svg, width=8.4, height=3.7) as drawn:
        over_epochs, over_seconds = drawn.subplots(1, 2, sharey=True)
        for method, style in zip(METHODS, series_styles(), strict=False):
            curve = rows[rows["method"] == method].sort_values("epoch")
            if curve.empty:
                continue
            _draw(over_epochs, curve, "epoch", style)
            _draw(over_seconds, curve.dropna(subset="seconds"), "seconds", style)
        over_epochs.set_title("over epochs")
        over_epochs.set_xlabel("epoch")
        over_epochs.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        over_epochs.set_ylabel("test error (%)")
        over_epochs.set_ylim(bottom=0)
        over_epochs.legend(loc="best")
        over_seconds.set_title("over seconds")
        over_seconds.set_xlabel("seconds on one CPU core, tests included")
        if over_seconds.lines:
            over_seconds.set_xscale("log")
            over_seconds.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
            over_seconds.xaxis.set_minor_formatter(NullFormatter())
        if "bptt" not in set(rows["method"]):
            over_seconds.text(
                0.98, 0.96, "BPTT was not trained:\nits library is not installed.", color=MUTED,
                transform=over_seconds.transAxes, ha="right", va="top",
            )  # fmt: skip


def _draw(ax, curve: pd.DataFrame, column: str, style) -> None:
    n_seeds = int(curve["n_seeds"].max()) if len(curve) else 0
    seeds = "1 seed" if n_seeds == 1 else f"{n_seeds} seeds"
    if curve.empty:
        return
    ax.plot(
        curve[column], 100 * curve["mean"], markevery=max(1, len(curve) // 10), zorder=3,
        label=mathtext(f"{curve['title'].iloc[0]} ({seeds})"), **style.line,
    )  # fmt: skip
    low, high = (100 * curve[name].fillna(curve["mean"]) for name in ("low", "high"))
    ax.fill_between(
        curve[column], low.clip(lower=0), high.clip(upper=100), color=style.color, alpha=0.16,
        linewidth=0,
    )  # fmt: skip
