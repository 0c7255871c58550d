"""The two listings on the same pair of spike trains, on one logarithmic scale."""

from pathlib import Path

from strsbp.study.figures.style import figure, series_styles
from strsbp.study.figures.traces import RULES, read_traces


def plot_listings(*, trace: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw the current and the membrane under both update rules.

    On a logarithmic scale a constant factor is a constant distance: two curves of one shape
    differ in scale alone.
    """
    traces = read_traces(trace)
    with figure(png, svg, width=8.4, height=4.2) as drawn:
        axes = drawn.subplots(1, 2)
        for ax, quantity in zip(axes, ("current", "membrane"), strict=True):
            for (name, rows), style in zip(traces.items(), series_styles(), strict=False):
                positive = rows[quantity].where(rows[quantity] > 0)
                title, rule = RULES[name]
                ax.plot(
                    rows["step"], positive, color=style.color, linestyle=style.linestyle,
                    linewidth=1.2, label=f"{title}\n{rule}",
                )  # fmt: skip
            ax.set_yscale("log")
            ax.set_xlabel("time step (ms)")
        axes[0].set_title("input current")
        axes[1].set_title("membrane")
        handles, labels = axes[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=2)
