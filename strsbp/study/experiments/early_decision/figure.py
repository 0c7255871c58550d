"""Test error against what a decision costs: spikes, synaptic operations and steps."""

from pathlib import Path

import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from strsbp.files import read_csv
from strsbp.study.figures.style import INK, figure, series_styles

PANELS = {
    "spikes": "spikes a decision",
    "operations": "synaptic operations a decision",
    "latency": "latency (steps)",
}
"""Quantities of the horizontal axes, and their labels."""
STOPS = {"time": "fixed time", "margin": "margin of spikes"}


def plot_early_decision(*, cost: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw the file of `summarise_early_decision`: a panel per cost, a colour per network.

    Open marks on a full line: decisions after fixed times, the largest mark at T. Filled marks on
    a dotted line: decisions by margins. Vertical bars are 95 % intervals of the error.
    """
    rows = read_csv(cost, ("network", "n_steps", "stop", "value", "quantity", "mean", "low"))
    names = {name: _label(group.iloc[0]) for name, group in rows.groupby("network", sort=False)}
    styles = dict(zip(names, series_styles(), strict=False))
    wide = rows.pivot(
        index=["network", "stop", "value"], columns="quantity", values=["mean", "low", "high"]
    )
    with figure(png, svg, width=9.2, height=4.2) as drawn:
        axes = drawn.subplots(1, len(PANELS), sharey=True)
        for ax, (quantity, label) in zip(axes, PANELS.items(), strict=True):
            for name, style in styles.items():
                for stop in STOPS:
                    if (name, stop) in wide.index.droplevel("value"):
                        _draw(ax, wide.loc[(name, stop)].sort_index(), quantity, style, stop)
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.set_xlabel(label)
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            ax.xaxis.set_major_formatter(FuncFormatter(_short))
            ax.xaxis.set_minor_formatter(NullFormatter())
        axes[0].set_ylabel("test error (%)")
        axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes[0].yaxis.set_major_formatter(FuncFormatter(_short))
        axes[0].yaxis.set_minor_formatter(NullFormatter())
        handles = [
            axes[0].plot([], [], label=names[name], **_look(style.color, style.marker, "time"))[0]
            for name, style in styles.items()
        ]
        for stop, text in STOPS.items():
            handles += axes[0].plot([], [], label=text, **_look(INK, "o", stop))
        drawn.legend(handles=handles, loc="outside lower center", ncols=3)


def _label(row) -> str:
    return f"T = {row.n_steps}, thresholds {row.threshold_hidden:g} and {row.threshold_output:g}"


def _look(color: str, marker: str, stop: str) -> dict:
    if stop == "time":
        return dict(color=color, marker=marker, markerfacecolor="white", linestyle="-")
    return dict(color=color, marker=marker, linestyle=(0, (1.2, 1.2)))


def _draw(ax, rows: pd.DataFrame, quantity: str, style, stop: str) -> None:
    """`rows`: values of one network and way to stop, by quantity, times or margins ascending."""
    x, y = rows["mean"][quantity], 100 * rows["mean"]["error"]
    look = _look(style.color, style.marker, stop)
    ax.vlines(
        x, 100 * rows["low"]["error"], 100 * rows["high"]["error"], color=style.color,
        linewidth=0.8,
    )  # fmt: skip
    ax.plot(x, y, markersize=4, linewidth=1.1, **look)
    if stop == "time":
        ax.plot(x.iloc[-1:], y.iloc[-1:], markersize=8, **look)


def _short(value: float, _position=None) -> str:
    for scale, unit in ((1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:g}{unit}"
    return f"{value:g}"
