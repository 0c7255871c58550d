"""Denominators of the arms, and their gradients beside HM2-BP's: why Fig. 6 is as it is."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv
from strsbp.study.figures.style import INK, MUTED, figure, mathtext, series_styles

STATES = {"untrained": "initial weights", "trained": "after some epochs"}
REFERENCES = {"hm2bp": "HM2-BP in all layers", "published": "ST-RSBP, published table"}
GRADIENT_COLUMNS = ("state", "arm", "title", "layer", "reference", "quantity", "mean", "low")
_SPREAD = 0.55  # of the room of an arm, over which its layers are spread


def plot_gradients(
    *, gradients: str | Path, denominators: str | Path, png: str | Path, svg: str | Path
) -> None:
    """Draw the files of `measure_gradients`, a column for each state of the weights.

    Above: quantiles of s_i (whisker 1 to 99 %, bar 25 to 75 %, mark the median) a layer, an arm.
    Below: mean cosine to HM2-BP (filled) and to the published table (open), with intervals.
    """
    compared = read_csv(gradients, GRADIENT_COLUMNS)
    s = read_csv(denominators, ("state", "arm", "layer", "statistic", "value"))
    states = [state for state in STATES if state in set(compared["state"])]
    arms = compared.drop_duplicates("arm").set_index("arm")["title"]
    layers = list(compared["layer"].drop_duplicates())
    styles = dict(zip(layers, series_styles(), strict=False))
    with figure(png, svg, width=9.2, height=2.2 + 0.62 * len(arms)) as drawn:
        axes = drawn.subplots(2, len(states), sharey=True, squeeze=False)
        for column, state in zip(axes.T, states, strict=True):
            above, below = column
            _draw_denominators(above, s[s["state"] == state], arms, styles)
            cosines = compared[(compared["state"] == state) & (compared["quantity"] == "cosine")]
            _draw_cosines(below, cosines, arms, styles)
            above.set_title(STATES[state])
        for ax in axes[:, 0]:
            ax.set_yticks(range(len(arms)), [mathtext(title) for title in arms])
            ax.set_ylim(len(arms) - 0.5, -0.5)
        handles = [
            axes[0, 0].plot([], [], linestyle="", marker=style.marker, color=style.color,
                            label=layer)[0]
            for layer, style in styles.items()
        ]  # fmt: skip
        for filled, name in ((True, REFERENCES["hm2bp"]), (False, REFERENCES["published"])):
            handles += axes[0, 0].plot(
                [], [], linestyle="", marker="o", color=INK,
                markerfacecolor=INK if filled else "white", label=f"cosine to {name}",
            )  # fmt: skip
        drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _places(layers, arms):
    """Vertical place of each arm and layer."""
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(layers)) if len(layers) > 1 else [0.0]
    return {
        (arm, layer): row + offset
        for row, arm in enumerate(arms.index)
        for layer, offset in zip(layers, offsets, strict=True)
    }


def _draw_denominators(ax, rows: pd.DataFrame, arms, styles) -> None:
    values = rows.set_index(["arm", "layer", "statistic"])["value"]
    for (arm, layer), y in _places(styles, arms).items():
        if (arm, layer, "quantile_0.5") not in values.index:
            continue
        q = {name: values[arm, layer, f"quantile_{name}"] for name in ("0.01", "0.25", "0.5",
                                                                       "0.75", "0.99")}  # fmt: skip
        style = styles[layer]
        ax.plot([q["0.01"], q["0.99"]], [y, y], color=style.color, linewidth=0.9)
        ax.plot([q["0.25"], q["0.75"]], [y, y], color=style.color, linewidth=3.2)
        ax.plot(q["0.5"], y, marker=style.marker, color=style.color, markerfacecolor="white")
    ax.axvline(1, color=INK, linewidth=0.8, linestyle="--")
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.set_xscale("symlog", linthresh=2, linscale=1.5)
    limits = ax.get_xlim()
    ticks = [
        tick
        for tick in (-1000, -100, -10, -1, 0, 1, 2, 10, 100, 1000)
        if limits[0] <= tick <= limits[1]
    ]
    ax.set_xticks(ticks, [f"{tick:d}".replace("-", "−") for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_xlim(limits)
    ax.set_xlabel("denominator $s_i$ (dashed: HM2-BP)")


def _draw_cosines(ax, rows: pd.DataFrame, arms, styles) -> None:
    values = rows.set_index(["arm", "layer", "reference"])
    for (arm, layer), y in _places(styles, arms).items():
        style = styles[layer]
        for reference, shift in (("hm2bp", -0.05), ("published", 0.05)):
            if (arm, layer, reference) not in values.index:
                continue
            row = values.loc[(arm, layer, reference)]
            if not np.isnan(row["low"]):
                ax.plot([row["low"], row["high"]], [y + shift] * 2, color=style.color)
            ax.plot(
                row["mean"], y + shift, marker=style.marker, color=style.color,
                markerfacecolor=style.color if reference == "hm2bp" else "white",
            )  # fmt: skip
    ax.axvline(1, color=INK, linewidth=0.8, linestyle="--")
    ax.set_xlim(right=1 + 0.05 * (1 - ax.get_xlim()[0]))
    ax.set_xlabel("cosine of the weight gradients, mean over samples")
