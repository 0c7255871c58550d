"""Fig. 5: one pair of spike trains and the current and membrane from which e_ij is read."""

from pathlib import Path

from strsbp.study.figures.style import COLOURS, INK, figure
from strsbp.study.figures.traces import RULES, read_traces


def plot_fig5(*, trace: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw spikes, current and membrane under the published and the corrected rule, side by side.

    Each rule has its own vertical scale: the size of the difference is the point.
    """
    traces = read_traces(trace)
    with figure(png, svg, width=8.4, height=4.8) as drawn:
        axes = drawn.subplots(3, 2, sharex=True, height_ratios=(0.6, 1, 1))
        for column, (name, rows) in zip(axes.T, traces.items(), strict=True):
            spikes, current, membrane = column
            for position, which in enumerate(("spike_pre", "spike_post")):
                times = rows.loc[rows[which] == 1, "step"]
                spikes.eventplot(
                    times, lineoffsets=-position, linelengths=0.7, linewidths=1.0, colors=INK
                )
            spikes.set_yticks([0, -1], ["input $j$", "output $i$"])
            spikes.set_title(RULES[name][0])
            spikes.grid(False)
            current.plot(rows["step"], rows["current"], color=COLOURS[0], linewidth=1.1)
            membrane.plot(rows["step"], rows["membrane"], color=COLOURS[1], linewidth=1.1)
            ends = rows[rows["spike_post"] == 1]
            membrane.plot(
                ends["step"], ends["membrane"], linestyle="", marker="o", markersize=3.5,
                markerfacecolor="white", markeredgecolor=COLOURS[1],
            )  # fmt: skip
            membrane.set_xlabel("time step (ms)")
            for ax in (current, membrane):
                ax.margins(x=0.01)
                ax.set_ylim(bottom=0)
        axes[1, 0].set_ylabel("input current")
        axes[2, 0].set_ylabel("membrane\n(o: at spikes of $i$)")
