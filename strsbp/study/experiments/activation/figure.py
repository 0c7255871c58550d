"""Eq. 3: the total potential per spike, by spike count, and how often each count occurs."""

from pathlib import Path

import pandas as pd
import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.experiments.activation.measure import COUNT, HIGH_RATE, QUANTILES
from strsbp.study.figures import style

STATES = {"untrained": "initial weights", "trained": "after training"}
LOW, MIDDLE, HIGH = (f"quantile_{q}" for q in QUANTILES)


@style.themed
def draw(*, summary: str | Path):
    """Draw quantiles of a_i / (theta o_i) and shares of counts, a column per state."""
    rows = read_csv(summary)
    rows = rows[(rows["of"] == COUNT) & (rows["arm"] == rows["arm"].iloc[0])]
    states = [state for state in STATES if state in set(rows["state"])]
    layers = list(rows["layer"].drop_duplicates())
    table = rows.pivot(index=["state", "layer", "count"], columns="statistic", values="mean")
    table = table.reset_index()
    table["share"] *= 100
    figure = style.new_figure(5.4)
    axes = figure.subplots(2, len(states), sharex=True, sharey="row", squeeze=False)
    for (ratio, share), state in zip(axes.T, states, strict=True):
        here = table[table["state"] == state]
        _draw(here, ratio, layers, MIDDLE, band=(LOW, HIGH))
        _draw(here, share, layers, "share")
        ratio.axhline(1, color=style.INK, linewidth=0.8, linestyle="--", zorder=1)
        share.axvline(HIGH_RATE, color=style.INK, linewidth=0.8, linestyle=":", zorder=1)
        share.set_xlabel("spikes of the neuron, $o_i$")
    style.logarithmic(axes[0, 0], "x")
    axes[0, 0].set_ylabel(r"$a_i / (\theta\, o_i)$")
    axes[1, 0].set_ylabel("share of neurons (%)")
    style.letter({ax: STATES[state] for row in axes for ax, state in zip(row, states, strict=True)})
    style.legend(figure, {style.layer_title(name): style.look(i) for i, name in enumerate(layers)})
    return figure


def _draw(rows: pd.DataFrame, ax, layers, y: str, band=None) -> None:
    by_layer = dict.fromkeys(("color", "linestyle", "marker"), "layer")
    made = style.plot(rows, ax, layers, x="count", **by_layer)
    if band:
        made = made.add(so.Band(alpha=0.2), ymin=band[0], ymax=band[1], legend=False)
    made.add(so.Line(linewidth=1.4, pointsize=3.5), y=y, legend=False).label(x="", y="").plot()
