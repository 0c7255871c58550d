"""The published training logs, and our runs as published and as logged."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style

LOGS = {"fashion_mnist": "Fashion-MNIST, ST-RSBP", "hm2bp_mnist": "MNIST, HM2-BP"}
ERRORS = ("test_error", "train_error")


@style.themed
def draw(*, curves: str | Path):
    """Draw the errors of each log and of our runs over epochs: test errors solid, training dashed.

    Bands are 95 % intervals over seeds, where there are several.
    """
    frame = read_csv(curves)
    frame = style.percent(frame[frame["quantity"].isin(ERRORS)], "logged", "mean", "low", "high")
    logs = [log for log in LOGS if log in set(frame["log"])]
    settings = sorted(set(frame["setting"]), reverse=True)  # as published, as logged
    figure = style.new_figure(0.7 + 2.6 * len(logs))
    axes = figure.subplots(len(logs), 1, squeeze=False)[:, 0]
    for ax, log in zip(axes, logs, strict=True):
        _draw(ax, frame[frame["log"] == log], settings)
    style.letter(dict(zip(axes, (LOGS[log] for log in logs), strict=True)))
    looks = {"the published log": dict(color=style.INK, linestyle="-")}
    looks |= {name: style.look(i, marker="", linestyle="-") for i, name in enumerate(settings)}
    looks["training error"] = style.look(1, color=style.INK, marker="")
    style.legend(figure, looks, ncols=3)
    return figure


def _draw(ax, rows, settings: list[str]) -> None:
    lines = dict(linestyle=so.Nominal(list(style.LINES[:2]), order=list(ERRORS)))
    logged = rows.drop_duplicates(["at_epoch", "quantity"])
    so.Plot(logged, x="at_epoch", y="logged", linestyle="quantity").add(
        so.Line(color=style.INK, linewidth=1.2), legend=False
    ).scale(**lines).on(ax).plot()
    drawn = style.plot(rows, ax, settings, x="at_epoch", y="mean", color="setting")
    drawn.add(so.Band(alpha=0.2), group="quantity", ymin="low", ymax="high", legend=False).add(
        so.Line(linewidth=1.6), linestyle="quantity", legend=False
    ).scale(**lines).label(x="epoch", y="error (%)").plot()
    style.logarithmic(ax, "x")
    ax.set_ylim(bottom=0)
