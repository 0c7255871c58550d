"""The two listings on the same pair of spike trains, on one logarithmic scale."""

from pathlib import Path

import seaborn.objects as so

from strsbp.study.figures.fig5 import LISTINGS, TIME, read_traces
from strsbp.study.figures.style import legend, letter, look, new_figure, plot, themed


@themed
def draw(*, trace: str | Path):
    """Draw current and membrane under both rules; zeros cannot be shown on a logarithmic scale."""
    rows = read_traces(trace)
    figure = new_figure(5.6)
    axes = figure.subplots(2, 1, sharex=True)
    for ax, quantity in zip(axes, ("current", "membrane"), strict=True):
        shown = rows.assign(value=rows[quantity].where(rows[quantity] > 0))
        plot(shown, ax, LISTINGS, x="step", y="value", color="listing", linestyle="listing").add(
            so.Path(linewidth=1.2), legend=False
        ).scale(y="log").label(x=TIME, y=f"{quantity} (mV)").plot()
    axes[0].set(xlabel="", xlim=(0, rows["step"].max() + 1))
    letter({axes[0]: "input current", axes[1]: "membrane"})
    legend(figure, {name: look(i, marker="") for i, name in enumerate(LISTINGS.values())})
    return figure
