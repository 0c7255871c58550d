"""The strength of the regularisation, with and without the division by the threshold."""

from pathlib import Path

import pandas as pd
import seaborn.objects as so
from matplotlib.ticker import MaxNLocator

from strsbp.files import read_csv
from strsbp.study.figures import style

DIVISIONS = {True: "error divided", False: "not divided"}
PUBLISHED = 10
"""The published strength, whose runs are shown over the epochs."""


@style.themed
def draw(*, summary: str | Path):
    """Draw test error, dead neurons and the ratio of the two gradients over the strength lambda.

    Of dead neurons and gradients, the hidden layers of the first arm are shown.
    """
    frame = read_csv(summary)
    frame["division"] = frame["divide_by_threshold"].map(DIVISIONS)
    frame["strength"] = frame["regularisation"].map("{:g}".format)
    last = frame[frame["at_epoch"] == frame["at_epoch"].max()]
    of_first = frame[frame["arm"] == frame["arm"].iloc[0]]
    dead, ratio = (_hidden(of_first, quantity) for quantity in ("dead_share", "gradient_ratio"))
    arms, layers = (list(dict.fromkeys(rows["line"])) for rows in (_arms(last), ratio))

    figure = style.new_figure(5.6)
    axes = figure.subplot_mosaic([["error", "dead"], ["ratio", "ratio"]])
    at_end = dead["at_epoch"] == dead["at_epoch"].max()
    at_published = ratio["regularisation"] == PUBLISHED
    panels = (
        ("error", "test error (%)", 100, _arms(last), "strength"),
        ("dead", "dead neurons (%)", 100, dead[at_end], "strength"),
        ("ratio", "error's gradient /\nregulariser's", 1, ratio[at_published], "at_epoch"),
    )
    for name, label, factor, rows, x in panels:
        _draw(axes[name], rows, factor, x)
        x_label = "epoch" if x == "at_epoch" else r"strength $\lambda$"
        axes[name].set(xlabel=x_label, ylabel=label)
    style.logarithmic(axes["error"], "y")
    axes["ratio"].set_yscale("log")
    axes["ratio"].xaxis.set_major_locator(MaxNLocator(integer=True))
    titles = ("after the last epoch", "after the last epoch", f"λ = {PUBLISHED}")
    style.letter(dict(zip(axes.values(), titles, strict=True)))
    looks = {
        name: style.look(i, marker="", linestyle="-") for i, name in enumerate(DIVISIONS.values())
    }
    for lines, where in ((arms, "a"), (layers, "b, c")):
        looks |= {
            f"{line} ({where})": style.look(i, color=style.INK) for i, line in enumerate(lines)
        }
    style.legend(figure, looks, ncols=3)
    return figure


def _arms(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["quantity"] == "test_error"].assign(
        line=rows["title"].str.partition(" in ")[0]
    )


def _hidden(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """The rows of a quantity in the hidden layers, whose titles are in `line`."""
    layers = rows["quantity"].str.extract(rf"^{quantity}_((?:feedforward|recurrent)\d+)$")[0]
    rows = rows.assign(line=layers).dropna(subset="line")
    return rows.assign(line=rows["line"].map(style.layer_title))


def _draw(ax, rows: pd.DataFrame, factor: float, x: str) -> None:
    rows = rows.assign(**{name: factor * rows[name] for name in ("mean", "low", "high")})
    lines = list(dict.fromkeys(rows["line"]))
    drawn = style.plot(rows, ax, DIVISIONS.values(), x=x, color="division").scale(
        linestyle=so.Nominal(list(style.LINES[: len(lines)]), order=lines),
        marker=so.Nominal(list(style.MARKERS[: len(lines)]), order=lines),
    )
    if x == "strength":
        drawn = drawn.scale(x=so.Nominal(order=list(dict.fromkeys(rows["strength"]))))
    drawn.add(so.Range(linewidth=1), group="line", ymin="low", ymax="high", legend=False).add(
        so.Line(linewidth=1.4, pointsize=4.5), y="mean", linestyle="line", marker="line",
        legend=False,
    ).plot()  # fmt: skip
