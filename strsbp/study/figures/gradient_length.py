"""Length or direction of the gradient: differences between arms that isolate one of the two."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style

QUESTION = "Q11"


@style.themed
def draw(*, answers: str | Path, arms: str | Path):
    """Draw the paired differences of test errors that the answers to the question rest on."""
    titles = dict(read_csv(arms, ["arm", "title"])[["arm", "title"]].drop_duplicates().to_numpy())
    rows = read_csv(answers, ["id", "what", "measured", "low", "high"])
    rows = rows[rows["id"] == QUESTION].dropna(subset="measured")
    pairs = rows["what"].str.split(" minus ", expand=True).replace(titles)
    rows = style.percent(rows, "measured", "low", "high").assign(
        name=pairs.map(style.wrap).agg("\nminus ".join, axis="columns")
    )
    figure = style.new_figure(0.8 + 0.6 * max(1, len(rows)))
    ax = figure.subplots()
    style.plot(rows, ax, y="name", x="measured", xmin="low", xmax="high").add(
        so.Range(color=style.COLOURS[0], linewidth=1.6), orient="y"
    ).add(so.Dot(color=style.COLOURS[0], pointsize=5.5), orient="y").scale(
        y=so.Nominal(order=list(rows["name"]))
    ).label(x="difference of test errors (points)", y="").plot()
    ax.axvline(0, color=style.INK, linewidth=0.8, linestyle="--")
    style.letter({ax: "differences, paired over seeds"})
    return figure
