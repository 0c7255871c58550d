"""The published training logs, and our runs as published and as logged."""

from pathlib import Path

import seaborn.objects as so
from matplotlib.ticker import NullFormatter

from strsbp.files import read_csv
from strsbp.study.figures.style import (
    INK,
    LINES,
    legend,
    letter,
    look,
    new_figure,
    plot,
    themed,
)  # fmt: skip

COLUMNS = ("log", "setting", "at_epoch", "quantity", "logged", "mean", "low", "high")
LOGS = {
    "fashion_mnist": "Fashion-MNIST, ST-RSBP",
    "hm2bp_mnist": "MNIST, HM2-BP",
}
ERRORS = ("test_error", "train_error")


@themed
def draw(*, curves: str | Path):
    """Draw the errors of each log and of our runs over epochs: test errors solid, training dashed.

    Bands are 95 % intervals over seeds, where there are several.
    """
    frame = read_csv(curves, COLUMNS)
    frame = frame[frame["quantity"].isin(ERRORS)]
    frame = frame.assign(**{name: 100 * frame[name] for name in ("logged", "mean", "low", "high")})
    logs = [log for log in LOGS if log in set(frame["log"])]
    settings = list(dict.fromkeys(frame["setting"]))
    figure = new_figure(0.7 + 2.6 * len(logs))
    axes = figure.subplots(len(logs), 1, squeeze=False)[:, 0]
    for ax, log in zip(axes, logs, strict=True):
        _draw(ax, frame[frame["log"] == log], settings)
    letter(dict(zip(axes, (LOGS[log] for log in logs), strict=True)))
    looks = {"the authors' log": dict(color=INK, linestyle="-")}
    looks |= {name: look(i, marker="", linestyle="-") for i, name in enumerate(settings)}
    looks["training error"] = look(1, color=INK, marker="")
    legend(figure, looks, ncols=3)
    return figure


def _draw(ax, rows, settings: list[str]) -> None:
    lines = dict(linestyle=so.Nominal(list(LINES[:2]), order=list(ERRORS)))
    logged = rows.drop_duplicates(["at_epoch", "quantity"])
    so.Plot(logged, x="at_epoch", y="logged", linestyle="quantity").add(
        so.Line(color=INK, linewidth=1.2), legend=False
    ).scale(**lines).on(ax).plot()
    drawn = plot(rows, ax, settings, x="at_epoch", y="mean", color="setting")
    drawn.add(so.Band(alpha=0.2), group="quantity", ymin="low", ymax="high", legend=False).add(
        so.Line(linewidth=1.6), linestyle="quantity", legend=False
    ).scale(**lines).label(x="epoch", y="error (%)").plot()
    ax.set_xscale("log")
    last = rows["at_epoch"].max()
    ax.set_xticks([epoch for epoch in (1, 2, 5, 10, 20, 50, 100, 200) if epoch <= last])
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
