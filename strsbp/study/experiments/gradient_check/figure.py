"""Gradients beside the true gradient of the expected loss."""

from pathlib import Path

import seaborn as sns
from matplotlib.colors import ListedColormap

from strsbp.files import read_csv
from strsbp.study.figures import style

STATES = {"untrained": "untrained", "early": "after one epoch", "trained": "trained"}
USUAL = 0.12
"""Share of cells that may lie beyond the end of a colour scale, so that outliers do not set it."""


@style.themed
def draw(*, summary: str | Path):
    """Draw the cosines of the first estimator, and how much closer it is than each other one.

    A column is a layer's weights. The cosines are those of every state of the network in which
    anything is known, the differences those of the last. The finite differences are those of the
    larger step. Arms that differ from the first only in their fit of e_ij are left to the table.
    """
    rows = read_csv(summary)
    rows = rows[
        ~rows["estimator"].str.startswith("fit_")
        & ~rows["against"].str.startswith("fit_", na=False)
    ]
    titles = rows.dropna(subset="title").set_index("estimator")["title"].to_dict()
    times = rows[rows["quantity"] == "cpu_ms"].set_index(["state", "estimator"])["mean"]
    rows = rows[(rows["step"] == rows["step"].max()) & rows["mean"].notna()]
    rows = style.percent(rows)
    first = next(iter(titles))
    cosines = rows[(rows["quantity"] == "cosine") & (rows["estimator"] == first)]
    differences = rows[rows["quantity"] == "cosine_difference"]
    states = [state for state in STATES if state in set(cosines["state"])]
    layers = list(cosines["layer"].drop_duplicates())

    heights = max(1, len(states)), max(3, len(titles) - 1)
    figure = style.new_figure(1.8 + 0.27 * sum(heights))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    plain = dict(cmap=ListedColormap([style.OUTSIDE]), cbar=False)
    of_first = times.xs(first, level="estimator")
    _draw(above, cosines, "state", STATES, layers, of_first, plain)
    last = states[-1] if states else "trained"
    size = differences["mean"].abs().quantile(1 - USUAL)
    bar = dict(location="bottom", aspect=30, pad=0.02, extend="both", label="difference (%)")
    look = dict(cmap="RdBu", vmin=-size, vmax=size, cbar_kws=bar)
    of_last = differences[differences["state"] == last]
    _draw(below, of_last, "against", titles, layers, times.get(last), look)
    style.letter({above: f"cosine of {titles[first]} (%)", below: f"differences, {STATES[last]}"})
    return figure


def _draw(ax, rows, key: str, names: dict, layers: list, times, look: dict) -> None:
    """Draw a heat map with a row for each of `names` in the column `key`, and their CPU times."""
    if rows.empty:
        ax.set_axis_off()
        text = "The true gradient is 0 or does not stand out from its noise."
        ax.text(0, 0.5, text, color=style.MUTED)
        return
    shown = [name for name in names if name in set(rows[key])]
    table, sure = (
        values.pivot(index=key, columns="layer", values="mean").reindex(shown, columns=layers)
        for values in (rows, rows[(rows["low"] > 0) | (rows["high"] < 0)])
    )
    sns.heatmap(table, ax=ax, annot=table.round(1) + 0.0, fmt=".1f", linewidths=0.5, **look)
    for text, known in zip(
        ax.texts, sure.notna().to_numpy()[table.notna().to_numpy()], strict=True
    ):
        text.set_text(text.get_text().replace("-", "−"))
        text.set_fontweight("bold" if known and key == "against" else "normal")
    ax.set_yticks(ax.get_yticks(), [style.wrap(names[name], 30) for name in shown], rotation=0)
    ax.set_xticks(ax.get_xticks(), [style.wrap(style.layer_title(layer), 10) for layer in layers])
    ax.set(xlabel="", ylabel="")
    ax.tick_params(length=0)
    ax.grid(False)
    right = len(layers) + 0.2
    for row, name in enumerate(shown):
        ax.text(right, row + 0.5, f"{times[name]:.3g}", va="center")
    ax.text(right, -0.3, "CPU ms")
