"""What happens inside the networks of Fig. 4, with each tau_m's own table and with that of 64."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.ticker import MaxNLocator

from strsbp.files import ResultsError, read_csv
from strsbp.study.figures.curves import CURVE_COLUMNS
from strsbp.study.figures.style import figure, mathtext, series_styles

ROWS = {
    "test_error": "test error (%)",
    "spike_count": "spikes a neuron",
    "silent_share": "silent share (%)",
    "smallest_denominator": "smallest $|s_i|$",
}
"""Quantities from above to below, and their labels; all but the first are the layers'."""
_PER_CENT = ("test_error", "silent_share")
_KINDS = {"feedforward": "feed-forward layer", "recurrent": "recurrent layer"}


def plot_divergence(
    *,
    curves: str | Path,
    png: str | Path,
    svg: str | Path,
    panels: Mapping[str, Sequence[str]],
    epochs: int,
) -> None:
    """Draw each quantity of `ROWS` over epochs, a column a panel, a row a hidden layer.

    `smallest_denominator` is on a logarithmic scale; bands are 95 % intervals of the mean.
    """
    frame = read_csv(curves, CURVE_COLUMNS)
    frame = frame[frame["epoch"] <= epochs]
    drawn_arms = [arm for arms in panels.values() for arm in arms]
    missing = [arm for arm in drawn_arms if arm not in set(frame["arm"])]
    if missing:
        raise ResultsError(f"{curves} has no arm '{missing[0]}'; summarise its runs first.")
    rows = list(_rows(frame[frame["arm"].isin(drawn_arms)]))
    taus = frame.drop_duplicates("arm").set_index("arm")["tau_m"]
    styles = dict(zip(sorted({taus[arm] for arm in drawn_arms}), series_styles(), strict=False))
    with figure(png, svg, width=8.2, height=0.8 + 1.25 * len(rows)) as drawn:
        axes = drawn.subplots(len(rows), len(panels), sharex=True, sharey="row", squeeze=False)
        for column, (title, arms) in zip(axes.T, panels.items(), strict=True):
            column[0].set_title(mathtext(title))
            for ax, (quantity, label, factor, log) in zip(column, rows, strict=True):
                for arm in arms:
                    here = frame[(frame["arm"] == arm) & (frame["quantity"] == quantity)]
                    _draw(ax, here, factor, styles[taus[arm]], f"tau_m = {taus[arm]:g}")
                if log:
                    ax.set_yscale("log", nonpositive="mask")
                if ax in axes[:, 0]:
                    ax.set_ylabel(label)
            column[-1].set_xlabel("epoch")
            column[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        handles = {}
        for ax in axes[0]:
            handles |= {line.get_label(): line for line in ax.get_lines()}
        order = sorted(handles, key=lambda name: float(name.rpartition(" ")[2]))
        drawn.legend(
            [handles[name] for name in order], [mathtext(name) for name in order],
            loc="outside lower center", ncols=len(handles),
        )  # fmt: skip
        drawn.align_ylabels(axes[:, 0])


def _rows(frame: pd.DataFrame):
    """(quantity, label, factor, logarithmic) of each row, the hidden layers' in order."""
    names = list(frame["quantity"].drop_duplicates())
    for start, label in ROWS.items():
        factor = 100 if start in _PER_CENT else 1
        for quantity in names:
            layer = quantity.removeprefix(start).removeprefix("_")
            kind = layer.rstrip("0123456789")
            if quantity == start:
                yield quantity, label, factor, False
            elif quantity.startswith(start) and kind in _KINDS:
                log = start == "smallest_denominator"
                yield quantity, f"{label}\n{_KINDS[kind]}", factor, log


def _draw(ax, rows: pd.DataFrame, factor: float, style, label: str) -> None:
    rows = rows.sort_values("epoch")
    ax.plot(rows["epoch"], factor * rows["mean"], label=label, **style.line)
    ax.fill_between(
        rows["epoch"], factor * rows["low"], factor * rows["high"], color=style.color, alpha=0.15,
        linewidth=0,
    )  # fmt: skip
