"""Gradients beside the true gradient of the expected loss."""

from pathlib import Path

import pandas as pd
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

    A column is a layer's weights in one state of the network; states in which nothing is known
    have none. The finite differences are those of the smallest step. Arms that differ from the
    first only in their fit of e_ij are left to the table.
    """
    rows = read_csv(summary)
    rows = rows[
        ~rows["estimator"].str.startswith("fit_")
        & ~rows["against"].str.startswith("fit_", na=False)
    ]
    titles = (
        rows.dropna(subset="title").drop_duplicates("estimator").set_index("estimator")["title"]
    )
    times = rows[rows["quantity"] == "cpu_ms"].drop_duplicates("estimator", keep="last")
    times = times.set_index("estimator")["mean"]
    rows = rows[(rows["step"] == rows["step"].min()) & rows["mean"].notna()]
    rows = style.percent(rows)
    first = titles.index[0] if len(titles) else None
    cosines = rows[(rows["quantity"] == "cosine") & (rows["estimator"] == first)]
    differences = rows[rows["quantity"] == "cosine_difference"]
    n_rows = max(len(titles), 4)
    figure = style.new_figure(2.4 + 0.24 * n_rows)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, n_rows - 1))
    size = differences["mean"].abs().quantile(1 - USUAL)
    columns = list(differences[["state", "layer"]].drop_duplicates().itertuples(index=False))
    look = dict(cmap=style.DIVERGING, vmin=-size, vmax=size)
    bar = dict(location="bottom", aspect=30, pad=0.02, extend="both", shrink=0.8)
    _draw(below, differences, "against", titles, columns, dict(look, cbar_kws=bar))
    plain = dict(cmap=ListedColormap([style.OUTSIDE]), cbar=False)
    _draw(above, cosines, "estimator", titles, columns, plain)
    above.tick_params(labelbottom=False)
    for ax, key in ((above, cosines["estimator"]), (below, differences["against"])):
        _write_times(ax, times.reindex([name for name in titles.index if name in set(key)]))
    name = titles.get(first, "")
    style.letter({above: "cosine to the true gradient (%)", below: f"{name}'s minus that of (%)"})
    return figure


def _draw(ax, rows: pd.DataFrame, key: str, names: pd.Series, columns: list, look: dict) -> None:
    if rows.empty:
        ax.set_axis_off()
        text = "The true gradient is 0 or does not stand out from its noise."
        ax.text(0, 0.5, text, color=style.MUTED)
        return
    table, sure = (
        values.pivot(index=key, columns=["state", "layer"], values="mean")
        .reindex(index=[name for name in names.index if name in set(rows[key])])
        .reindex(columns=pd.MultiIndex.from_tuples(columns))
        for values in (rows, rows[(rows["low"] > 0) | (rows["high"] < 0)])
    )
    sns.heatmap(table, ax=ax, annot=table.round(1) + 0.0, fmt=".1f", linewidths=0.5, **look)
    for text, known in zip(
        ax.texts, sure.notna().to_numpy()[table.notna().to_numpy()], strict=True
    ):
        text.set_fontweight("bold" if known and key == "against" else "normal")
    labels = [style.wrap(names[name], 28) for name in table.index]
    ax.set_yticks(ax.get_yticks(), labels, rotation=0, linespacing=0.9)
    places = [f"{style.layer_title(layer)}\n{STATES[state]}" for state, layer in table.columns]
    ax.set_xticks(ax.get_xticks(), places, rotation=90)
    ax.set(xlabel="", ylabel="")
    ax.tick_params(length=0)
    ax.grid(False)


def _write_times(ax, times: pd.Series) -> None:
    right = ax.get_xlim()[1] + 0.2
    for row, time in enumerate(times):
        ax.text(right, row + 0.5, f"{time:.3g}", va="center")
    ax.text(right, -0.3, "CPU ms")
