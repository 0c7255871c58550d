"""Fig. 5: one pair of spike trains and the current and membrane from which e_ij is read."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style

LISTINGS = {1: "Listing 1, published", 2: "Listing 2, corrected"}
TIME = "time (steps of 1 ms)"


@style.themed
def draw(*, trace: str | Path):
    """Draw the spikes once, then current and membrane under each rule, each on its own scale."""
    rows = read_csv(trace)
    figure = style.new_figure(6.8)
    axes = figure.subplots(5, 1, sharex=True, height_ratios=(0.6, 1, 1, 1, 1))
    one = rows[rows["listing"] == 1]
    for position, name in enumerate(("spike_pre", "spike_post")):
        times = one.loc[one[name] == 1, "step"]
        axes[0].eventplot(
            times, lineoffsets=-position, linelengths=0.7, linewidths=1, colors=style.INK
        )
    axes[0].set_yticks([0, -1], ["input $j$", "output $i$"])
    axes[0].grid(False)
    titles = {axes[0]: "the same spikes under both rules"}
    for column, (listing, name) in enumerate(LISTINGS.items()):
        of_rule = rows[rows["listing"] == listing]
        value = of_rule["e_ij"].iloc[0]
        current, membrane = axes[1 + column], axes[3 + column]
        titles |= {current: name, membrane: f"{name}: e_ij = {value:.3g} mV"}
        for ax, quantity in ((current, "current"), (membrane, "membrane")):
            style.plot(of_rule, ax, x="step", y=quantity).add(
                so.Line(color=style.COLOURS[column], linewidth=1.1)
            ).label(x=TIME, y=f"{quantity}\n(mV)").plot()
            ax.set_ylim(bottom=0)
        style.plot(of_rule[of_rule["spike_post"] == 1], membrane, x="step", y="membrane").add(
            so.Dot(color="white", edgecolor=style.COLOURS[column], pointsize=4)
        ).label(x=TIME, y="membrane\n(mV)").plot()
    for ax in axes[:-1]:
        ax.set_xlabel("")
    axes[0].set_xlim(0, rows["step"].max() + 1)
    style.letter({ax: titles[ax] for ax in axes})
    figure.align_ylabels(axes)
    return figure
