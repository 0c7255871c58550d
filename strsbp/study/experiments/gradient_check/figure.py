"""Gradients beside the true gradient of the expected loss."""

from pathlib import Path

import pandas as pd
import seaborn as sns

from strsbp.files import read_csv
from strsbp.study.figures.style import (
    DIVERGING,
    MUTED,
    SEQUENTIAL,
    letter,
    stacked,
    themed,
    wrap,
)  # fmt: skip

COLUMNS = (
    "state", "layer", "step", "estimator", "title", "against", "quantity", "mean", "low", "high",
)  # fmt: skip
USUAL = 0.06
"""Share of cells that may lie beyond the end of a colour scale, so that outliers do not set it."""


@themed
def draw(*, summary: str | Path):
    """Draw heat maps of the cosines, and of how much closer the first estimator is than each.

    A column is a layer's weights in one state of the network; states in which nothing is known
    have none. The finite differences are those of the smallest step.
    """
    rows = read_csv(summary, COLUMNS)
    titles = (
        rows.dropna(subset="title").drop_duplicates("estimator").set_index("estimator")["title"]
    )
    first = titles.iloc[0] if len(titles) else ""
    times = rows[rows["quantity"] == "cpu_ms"].drop_duplicates("estimator", keep="last")
    times = times.set_index("estimator")["mean"]
    smallest = rows["step"].min()
    rows = rows[(rows["step"] == smallest) & rows["mean"].notna()]
    rows = rows.assign(**{name: 100 * rows[name] for name in ("mean", "low", "high")})
    cosines = rows[rows["quantity"] == "cosine"]
    differences = rows[rows["quantity"] == "cosine_difference"]
    height = 2.2 + 0.21 * max(len(titles), 3)
    figure, (above, below) = stacked((height, height))
    names = titles.map(lambda title: wrap(title, 30))
    low = cosines["mean"].quantile(USUAL)
    _draw(above, cosines, "estimator", names, dict(cmap=SEQUENTIAL, vmin=low, vmax=100))
    size = differences["mean"].abs().quantile(1 - USUAL)
    _draw(below, differences, "against", names, dict(cmap=DIVERGING, vmin=-size, vmax=size))
    if not cosines.empty:
        _write_times(above, times.reindex(names.index))
    letter({above: "100 cos to the true gradient", below: f"100 (cos of {first} − cos)"})
    return figure


def _draw(ax, rows: pd.DataFrame, key: str, names: pd.Series, colours: dict) -> None:
    if rows.empty:
        ax.set_axis_off()
        ax.text(0, 0.5, "The true gradient is 0 or does not stand out from its noise.", color=MUTED)
        return
    order = rows[["state", "layer"]].drop_duplicates()
    table, sure = (
        values.pivot(index=key, columns=["state", "layer"], values="mean")
        .reindex(index=[name for name in names.index if name in set(rows[key])])
        .reindex(columns=pd.MultiIndex.from_frame(order))
        for values in (rows, rows[(rows["low"] > 0) | (rows["high"] < 0)])
    )
    sns.heatmap(
        table, ax=ax, annot=table.round(1) + 0.0, fmt=".1f", linewidths=0.5, **colours,
        cbar_kws=dict(location="bottom", aspect=30, pad=0.02, extend="both"),
    )  # fmt: skip
    for text, known in zip(
        ax.texts, sure.notna().to_numpy()[table.notna().to_numpy()], strict=True
    ):
        text.set_fontweight("bold" if known and key == "against" else "normal")
    ax.set_yticks(ax.get_yticks(), [names[name] for name in table.index], rotation=0)
    ax.set_xticks(
        ax.get_xticks(), [f"{layer}\n{state}" for state, layer in table.columns], rotation=90
    )
    ax.set(xlabel="", ylabel="")
    ax.grid(False)


def _write_times(ax, times: pd.Series) -> None:
    right = ax.get_xlim()[1] + 0.2
    for row, time in enumerate(times):
        ax.text(right, row + 0.5, f"{time:.3g}", va="center")
    ax.text(right, -0.3, "CPU ms")
