"""BPTT beside ST-RSBP and HM2-BP: test error over epochs and over seconds."""

from pathlib import Path

import pandas as pd
import seaborn.objects as so
from matplotlib.ticker import MaxNLocator

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures import style


@style.themed
def draw(*, summary: str | Path):
    """Draw means over seeds with 95 % intervals, over epochs and, where known, over seconds."""
    rows = read_csv(summary)
    rows = rows[rows["quantity"] == "test_error"]
    if rows.empty:
        raise ResultsError(f"{summary} holds no test error; make it again.")
    rows = style.percent(rows)
    methods = list(dict.fromkeys(rows["method"]))
    figure = style.new_figure(5.8)
    over_epochs, over_seconds = figure.subplots(2, 1, sharey=True)
    _draw(over_epochs, rows, methods, "epoch", "epoch")
    _draw(over_seconds, rows.dropna(subset="seconds"), methods, "seconds",
          "seconds on one CPU core, tests included")  # fmt: skip
    over_epochs.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    over_epochs.set_ylim(bottom=0)
    if rows["seconds"].notna().any():
        style.logarithmic(over_seconds, "x")
    _explain_ends(over_epochs, rows, methods)
    style.letter({over_epochs: "over epochs", over_seconds: "over time"})
    style.legend(figure, _names(rows), ncols=1)
    if "bptt" not in set(rows["method"]):
        over_seconds.text(
            0.98, 0.96, "BPTT was not trained.", color=style.MUTED,
            transform=over_seconds.transAxes, ha="right", va="top",
        )  # fmt: skip
    return figure


def _draw(ax, rows: pd.DataFrame, methods: list[str], x: str, label: str) -> None:
    style.plot(rows, ax, methods, x=x, color="method", linestyle="method", marker="method").add(
        so.Band(alpha=0.2), ymin="low", ymax="high", legend=False
    ).add(so.Line(linewidth=1.4, pointsize=3.5), y="mean", legend=False).label(
        x=label, y="test error (%)"
    ).plot()


def _explain_ends(ax, rows: pd.DataFrame, methods: list[str]) -> None:
    """Say of a method that was trained for fewer epochs than others where it ends."""
    ends = rows.sort_values("epoch").drop_duplicates("method", keep="last")
    for row in ends[ends["epoch"] < ends["epoch"].max()].itertuples():
        ax.annotate(
            f"trained for {row.epoch:.0f} epochs", (row.epoch, row.mean), (6, -8),
            textcoords="offset points", va="center", color=style.COLOURS[methods.index(row.method)],
        )  # fmt: skip


def _names(rows: pd.DataFrame) -> dict[str, dict]:
    """Legend entries: each method with its seeds and epochs, and its style."""
    names = {}
    for position, (_, of_method) in enumerate(rows.groupby("method", sort=False)):
        n_seeds, epochs = int(of_method["n_seeds"].max()), int(of_method["epoch"].max())
        seeds = "1 seed" if n_seeds == 1 else f"{n_seeds} seeds"
        name = f"{of_method['title'].iloc[0]}: {seeds}, {epochs} epochs"
        names[name] = style.look(position)
    return names
