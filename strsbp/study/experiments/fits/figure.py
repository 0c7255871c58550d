"""Fits of e_ij ranked by test error, with their errors in value and derivative."""

from pathlib import Path

import pandas as pd
import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style

ERRORS = {
    "value": "error of $e_{ij}$ (%)",
    "derivative": r"error of $\partial e_{ij}/\partial o_i$ (%)",
}
SMALLEST = 0.01
"""A smaller error (%) is rounding: the fit is the expectation itself."""


@style.themed
def draw(*, summary: str | Path):
    """Draw one row per fit, the best test error on top.

    Errors of value and derivative, by grid: filled inside the fitted grid, open outside.
    """
    frame = read_csv(summary)
    reference = frame["difference"].eq(0) & frame["difference_low"].isna()
    fit = " (" + frame["fit"].str.replace("polynomial", "degree ") + ")"
    titles = frame["title"].mask(reference, frame["title"] + fit)
    frame["name"] = titles.map(lambda title: style.wrap(title, 30))
    grids = sorted({int(name.rpartition("_")[2]) for name in frame if name.startswith("value_")})
    figure = style.new_figure(1.8 + 0.4 * len(frame))
    axes = figure.subplots(2, 2, sharey=True)
    y = dict(y=so.Nominal(order=list(frame["name"])))
    for ax, (quantity, label) in zip(axes[0], ERRORS.items(), strict=True):
        errors = _errors(frame, quantity, grids)
        for region, mark in (
            ("inside", so.Dot(pointsize=4.5)),
            ("outside", so.Dots(fillcolor="white", pointsize=4.5, stroke=1.2)),
        ):
            shown = errors[errors["region"] == region]
            style.plot(shown, ax, grids, y="name", x="error", color="grid", marker="grid").add(
                mark, orient="y", legend=False
            ).scale(**y).label(x=label, y="").plot()
        ax.set_xscale("log")
        _explain(ax, frame, errors)
    percent = style.percent(frame, "difference", "difference_low", "difference_high")
    style.plot(percent, axes[1, 0], y="name").add(
        so.Range(color=style.INK, linewidth=1.4),
        xmin="difference_low",
        xmax="difference_high",
        orient="y",
    ).add(so.Dot(color=style.INK, pointsize=4.5), x="difference", orient="y").scale(**y).label(
        x="test error minus the\npublished fit's (points)", y=""
    ).plot()
    axes[1, 0].axvline(0, color=style.INK, linewidth=0.8, linestyle="--", zorder=1)
    style.plot(frame, axes[1, 1], y="name", x="smallest_denominator").add(
        so.Dot(color=style.INK, pointsize=4.5), orient="y"
    ).scale(**y).label(x="smallest $|s_i|$", y="").plot()
    for ax in axes[:, 1]:
        ax.tick_params(labelleft=False)
    titles = ("value", "derivative", "test error", "denominator")
    style.letter(dict(zip(axes.flat, titles, strict=True)))
    looks = {}
    for i, grid in enumerate(grids):
        for region, face in (("inside", style.COLOURS[i]), ("outside", "white")):
            if f"value_{region}_{grid}" in frame:
                looks[f"{region} the {grid}-grid"] = dict(
                    color=style.COLOURS[i],
                    marker=style.MARKERS[i],
                    markerfacecolor=face,
                    linestyle="",
                )
    style.legend(figure, looks, ncols=2)
    return figure


def _errors(frame: pd.DataFrame, quantity: str, grids) -> pd.DataFrame:
    """One row per fit, grid and region whose error is more than rounding."""
    parts = [
        frame[["name"]].assign(
            grid=grid, region=region, error=100 * frame[f"{quantity}_{region}_{grid}"]
        )
        for grid in grids
        for region in ("inside", "outside")
        if f"{quantity}_{region}_{grid}" in frame
    ]
    errors = pd.concat(parts)
    return errors[errors["error"] > SMALLEST]


def _explain(ax, frame: pd.DataFrame, errors: pd.DataFrame) -> None:
    """Say why a row shows no error."""
    for name in frame["name"]:
        if name not in set(errors["name"]):
            where = dict(xycoords=("axes fraction", "data"), va="center")
            box = dict(color="white", pad=0)  # hides the grid's lines
            ax.annotate("no fit: exact", (0.02, name), color=style.MUTED, bbox=box, **where)
