"""Test error against what a decision costs: spikes, synaptic operations and steps."""

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn.objects as so
from matplotlib.ticker import EngFormatter

from strsbp.files import read_csv
from strsbp.study.figures import style

COSTS = {
    "spikes": "spikes per decision",
    "operations": "synaptic operations per decision",
    "latency": "latency (steps of 1 ms)",
}
"""Quantities of the horizontal axes, and their labels."""
STOPS = {"time": "after a fixed time", "margin": "by a margin of spikes"}
LINES = {
    "time": so.Path(linewidth=1.1, pointsize=4.5, linestyle="-", fillcolor="white"),
    "margin": so.Path(linewidth=1.1, pointsize=4.5, linestyle=":"),
}
LOST = 50
"""A network whose test error (%) never falls below this is named, not drawn."""


@style.themed
def draw(*, summary: str | Path):
    """Draw the test error over each cost on logarithmic axes, one colour per network.

    Open marks are decisions after fixed times, filled ones decisions by margins.
    """
    rows = read_csv(summary)
    titles = {name: _title(group.iloc[0]) for name, group in rows.groupby("network", sort=False)}
    wide = _wide(rows)
    best = wide.groupby("network")["error"].min()
    networks = [name for name in titles if best[name] < LOST]
    figure = style.new_figure(5.4)
    axes = figure.subplot_mosaic([["spikes", "operations"], ["latency", "note"]])
    for cost, label in COSTS.items():
        ax = axes[cost]
        for stop, line in LINES.items():
            of_stop = wide[wide["network"].isin(networks) & (wide["stop"] == stop)]
            variables = dict(x=cost, y="error", color="network", marker="network")
            style.plot(of_stop, ax, networks, **variables, ymin="low", ymax="high").add(
                so.Range(linewidth=0.8), legend=False
            ).add(line, legend=False).label(x=label, y="test error (%)").plot()
        for axis, subs, smallest in zip("xy", ((1, 3), (1, 2, 5)), ax.dataLim.minpos, strict=True):
            if np.isfinite(smallest):  # else no network is drawn, or none makes an error
                style.logarithmic(ax, axis, subs, EngFormatter(sep=""))
        ax.set_ylabel("test error (%)" if cost != "operations" else "")
    axes["note"].set_axis_off()
    style.letter({axes[cost]: cost for cost in COSTS})
    looks = {titles[name]: style.look(i, linestyle="") for i, name in enumerate(networks)}
    looks[STOPS["time"]] = dict(color=style.INK, marker="o", markerfacecolor="white", linestyle="-")
    looks[STOPS["margin"]] = dict(color=style.INK, marker="o", linestyle=":")
    style.legend(figure, looks, ncols=2)
    lost = [titles[name] for name in titles if name not in networks]
    if lost:
        text = f"Not drawn, test error above {LOST} %:\n" + "\n".join(lost)
        axes["note"].text(0, 0.9, text, color=style.MUTED, va="top")
    return figure


def _title(row) -> str:
    thresholds = f"{row['threshold_hidden']:g} and {row['threshold_output']:g} mV"
    return f"T = {row['n_steps']}, {thresholds}"


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per decision rule: its costs, and its error (%) with interval."""
    keys = ["network", "stop", "value"]
    wide = rows.pivot(index=keys, columns="quantity", values="mean")
    error = rows[rows["quantity"] == "error"].set_index(keys)
    error = style.percent(error)[["mean", "low", "high"]].rename(columns=dict(mean="error"))
    return wide.drop(columns="error").join(error).reset_index()
