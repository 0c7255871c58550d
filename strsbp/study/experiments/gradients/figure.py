"""Denominators of the arms and directions of their gradients, which explain Fig. 6."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style

STATES = {"untrained": "initial weights", "trained": "after some epochs"}
REFERENCE = "hm2bp"
QUANTILES = [f"quantile_{q}" for q in ("0.01", "0.25", "0.5", "0.75", "0.99")]
FAR = 5
"""If any denominator is larger than this, the axis is logarithmic on both sides of 0."""


@style.themed
def draw(*, gradients: str | Path, denominators: str | Path):
    """Draw quantiles of s_i and angles between gradients, a column per state of the weights."""
    angles = read_csv(gradients)
    states = [state for state in STATES if state in set(angles["state"])]
    titles = angles.drop_duplicates("arm").set_index("arm")["title"]
    layers = list(angles["layer"].drop_duplicates())
    s = read_csv(denominators)
    s = s.pivot(index=["state", "arm", "layer"], columns="statistic", values="mean")
    s = s[QUANTILES].reset_index()
    angles = angles[angles["quantity"] == "angle"]
    tables = {
        "denominator $s_i$": s,
        "angle to HM2-BP in all layers (°)": angles[angles["reference"] == REFERENCE],
    }
    figure = style.new_figure(0.8 + len(tables) * (0.75 + 0.34 * len(titles)))
    axes = figure.subplots(len(tables), len(states), sharex="row", sharey=True, squeeze=False)
    for row, (label, table) in zip(axes, tables.items(), strict=True):
        for ax, state in zip(row, states, strict=True):
            rows = table[table["state"] == state]
            rows = rows.assign(name=rows["arm"].map(titles).map(style.wrap))
            _draw(ax, rows, [style.wrap(title) for title in titles], layers)
        row[0].set_xlabel(label, loc="left")
        for ax in row[1:]:
            ax.tick_params(labelleft=False)
    style.letter({ax: STATES[state] for row in axes for ax, state in zip(row, states, strict=True)})
    looks = {
        style.layer_title(layer): style.look(i, linestyle="") for i, layer in enumerate(layers)
    }
    style.legend(figure, looks)
    return figure


def _draw(ax, rows, names, layers) -> None:
    for position in range(0, len(names), 2):  # tells the marks of one arm from those of the next
        ax.axhspan(position - 0.5, position + 0.5, color=style.OUTSIDE, zorder=0)
    made = style.plot(rows, ax, layers, y="name", color="layer", marker="layer")
    if "mean" in rows:
        made = made.add(so.Range(linewidth=1.2), so.Dodge(), orient="y", legend=False, xmin="low",
                        xmax="high")  # fmt: skip
        middle, guide = "mean", 0
    else:
        for low, high, width in (("0.01", "0.99", 0.9), ("0.25", "0.75", 3)):
            made = made.add(
                so.Range(linewidth=width), so.Dodge(), orient="y", legend=False,
                xmin=f"quantile_{low}", xmax=f"quantile_{high}",
            )  # fmt: skip
        middle, guide = "quantile_0.5", 1
    made.add(so.Dot(pointsize=4), so.Dodge(), orient="y", legend=False, x=middle).scale(
        y=so.Nominal(order=names)
    ).label(x="", y="").plot()
    ax.axvline(guide, color=style.INK, linewidth=0.8, linestyle="--", zorder=1)
    if guide and rows[QUANTILES].abs().to_numpy().max(initial=0) > FAR:
        ax.set_xscale("symlog", linthresh=1)
