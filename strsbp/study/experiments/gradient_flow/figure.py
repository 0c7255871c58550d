"""The norm of BPTT's gradient by steps back in time, and of both methods' gradients by T."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style

STATES = {"untrained": "initial weights", "trained": "after training"}
METHODS = {"bptt": "-", "strsbp": "--"}


@style.themed
def draw(*, summary: str | Path):
    """Draw the gradient that reaches each step (largest T) and the weight gradients, by state."""
    rows = read_csv(summary)
    states = [state for state in STATES if state in set(rows["state"])]
    layers = list(rows["layer"].drop_duplicates())
    figure = style.new_figure(5.6)
    axes = figure.subplots(2, len(states), sharey="row", squeeze=False)
    reaching = rows[(rows["quantity"] == "reaching") & (rows["n_steps"] == rows["n_steps"].max())]
    weights = rows[(rows["quantity"] == "weight_gradient") & (rows["mean"] > 0)]
    for (back, steps), state in zip(axes.T, states, strict=True):
        here = reaching[reaching["state"] == state]
        style.plot(here, back, layers, x="steps_back", color="layer", marker="layer").add(
            so.Band(alpha=0.2), ymin="low", ymax="high", legend=False
        ).add(so.Line(linewidth=1.4, pointsize=3.5), y="mean", legend=False).label(
            x="steps back", y=""
        ).plot()
        here = weights[weights["state"] == state]
        style.plot(here, steps, layers, x="n_steps", y="mean", color="layer", marker="layer").add(
            so.Line(linewidth=1.4, pointsize=3.5), linestyle="method", legend=False
        ).scale(linestyle=so.Nominal(METHODS)).label(x="T (ms)", y="").plot()
    for ax in axes.flat:
        if ax.lines:
            ax.set_yscale("log")
        else:
            ax.text(0.5, 0.5, "not measured:\nthe extra bptt\nis not installed", color=style.MUTED,
                    ha="center", va="center", transform=ax.transAxes)  # fmt: skip
    axes[0, 0].set_ylabel("gradient, relative")
    axes[1, 0].set_ylabel("norm of weight gradient")
    style.letter({ax: STATES[state] for row in axes for ax, state in zip(row, states, strict=True)})
    looks = {style.layer_title(name): style.look(i, linestyle="-") for i, name in enumerate(layers)}
    looks["BPTT"] = style.look(0, color=style.MUTED, marker="", linestyle=METHODS["bptt"])
    looks["ST-RSBP"] = style.look(0, color=style.MUTED, marker="", linestyle=METHODS["strsbp"])
    style.legend(figure, looks)
    return figure
