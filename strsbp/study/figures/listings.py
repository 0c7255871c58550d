"""The two listings on the same pair of spike trains, on one logarithmic scale."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style
from strsbp.study.figures.fig5 import LISTINGS, TIME


@style.themed
def draw(*, trace: str | Path):
    """Draw current and membrane under both rules; zeros cannot be shown on a logarithmic scale."""
    rows = read_csv(trace)
    figure = style.new_figure(5.6)
    axes = figure.subplots(2, 1, sharex=True)
    for ax, quantity in zip(axes, ("current", "membrane"), strict=True):
        shown = rows.assign(value=rows[quantity].where(rows[quantity] > 0))
        style.plot(
            shown, ax, LISTINGS, x="step", y="value", color="listing", linestyle="listing"
        ).add(so.Path(linewidth=1.2), legend=False).scale(y="log").label(
            x=TIME, y=f"{quantity} (mV)"
        ).plot()
    axes[0].set(xlabel="", xlim=(0, rows["step"].max() + 1))
    style.letter({axes[0]: "input current", axes[1]: "membrane"})
    style.legend(
        figure, {name: style.look(i, marker="") for i, name in enumerate(LISTINGS.values())}
    )
    return figure
