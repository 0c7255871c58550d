"""What happens inside the networks of Fig. 4, with each tau_m's own table and with that of 64."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import seaborn.objects as so
from matplotlib.ticker import NullLocator

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures import style

QUANTITIES = {
    "test_error": ("test error", "test error (%)", 100),
    "spike_count": ("spikes", "spikes per neuron", 1),
    "silent_share": ("silent neurons", "silent share (%)", 100),
    "smallest_denominator": ("smallest denominator", "smallest $|s_i|$", 1),
}
FACES = [style.COLOURS[0], "white"]
"""Marker faces of the two panels' arms: filled and open."""


@style.themed
def draw(*, curves: str | Path, panels: Mapping[str, Sequence[str]], epochs: int):
    """Draw each quantity over tau_m in the last epoch, one colour for each of `panels`.

    An arm whose runs all diverged is drawn at its last epoch before that.
    """
    frame = read_csv(curves)
    frame = frame[frame["epoch"] <= epochs]
    missing = [arm for arms in panels.values() for arm in arms if arm not in set(frame["arm"])]
    if missing:
        raise ResultsError(f"{curves} has no arm '{missing[0]}'; summarise its runs first.")
    frame = frame.sort_values("epoch", kind="stable")
    diverged = frame.groupby("arm")["n_diverged"].max()
    last = frame.dropna(subset="mean").drop_duplicates(["arm", "quantity"], keep="last")
    last = last.assign(diverged=last["arm"].map(diverged) > 0)
    rows = pd.concat(
        last[last["arm"].isin(arms)].assign(panel=name) for name, arms in panels.items()
    )
    hidden = rows["quantity"].str.extract(r"^spike_count_((?:feedforward|recurrent)\d+)$")[0]
    hidden = list(hidden.dropna().drop_duplicates())
    figure = style.new_figure(5)
    axes = figure.subplots(2, 2, sharex=True)
    for ax, (start, (_, label, factor)) in zip(axes.flat, QUANTITIES.items(), strict=True):
        layers = {start: ""} | {f"{start}_{layer}": layer for layer in hidden}
        here = rows[rows["quantity"].isin(layers)]
        here = here.assign(**{name: factor * here[name] for name in ("mean", "low", "high")})
        _draw(ax, here.assign(layer=here["quantity"].map(layers)), list(panels), hidden)
        ax.set(xlabel="" if ax in axes[0] else "$\\tau_m$ (ms)", ylabel=label)
    taus = sorted(rows["tau_m"].unique())
    axes[0, 0].set_xscale("log")
    axes[0, 0].set_xticks(taus, [f"{tau:g}" for tau in taus])
    axes[0, 0].xaxis.set_minor_locator(NullLocator())
    style.letter(
        {ax: title for ax, (title, _, _) in zip(axes.flat, QUANTITIES.values(), strict=True)}
    )
    looks = {
        name: style.look(i, marker="o", linestyle="-", markerfacecolor=FACES[i])
        for i, name in enumerate(panels)
    }
    for i, layer in enumerate(hidden):
        looks[style.layer_title(layer)] = style.look(i, color=style.INK)
    if last["diverged"].any():
        looks["some runs diverged"] = dict(color=style.INK, marker="x", linestyle="")
    style.legend(figure, looks, ncols=2)
    return figure


def _draw(ax, rows: pd.DataFrame, panels: list[str], layers: list[str]) -> None:
    by_layer = rows["layer"].isin(layers).any()
    mark = so.Line(linewidth=1.4, pointsize=4.5, **({} if by_layer else {"marker": "o"}))
    style.plot(rows, ax, panels, x="tau_m", color="panel", fillcolor="panel").scale(
        linestyle=so.Nominal(list(style.LINES[: len(layers)]), order=layers),
        marker=so.Nominal(list(style.MARKERS[: len(layers)]), order=layers),
        fillcolor=so.Nominal(FACES[: len(panels)], order=panels),
    ).add(
        so.Range(linewidth=1), group="layer", ymin="low", ymax="high", legend=False
    ).add(
        mark, y="mean", legend=False,
        **dict.fromkeys(("linestyle", "marker") if by_layer else (), "layer"),
    ).plot()  # fmt: skip
    for colour, panel in zip(style.COLOURS, panels, strict=False):
        lost = rows[rows["diverged"] & (rows["panel"] == panel)]
        ax.plot(lost["tau_m"], lost["mean"], linestyle="", marker="x", markersize=9, color=colour)
