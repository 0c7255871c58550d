"""Length or direction of the gradient: the differences between arms that answer this."""

from pathlib import Path

from strsbp.files import read_csv
from strsbp.study.figures import style

QUESTIONS = ("Q11", "Q13")


@style.themed
def draw(*, answers: str | Path, arms: str | Path):
    """Draw the paired differences of test errors that the answers to the questions rest on."""
    titles = dict(read_csv(arms, ["arm", "title"])[["arm", "title"]].drop_duplicates().to_numpy())
    rows = read_csv(answers, ["id", "what", "measured", "low", "high"])
    rows = rows[rows["id"].isin(QUESTIONS) & rows["what"].str.contains(" minus ")]
    rows = rows.dropna(subset="measured")
    pairs = rows["what"].str.split(" minus ", expand=True)
    pairs = pairs[~pairs.agg(frozenset, axis="columns").duplicated()].replace(titles)
    names = pairs.map(style.wrap).agg("\nminus ".join, axis="columns")
    rows = style.percent(rows.loc[pairs.index], "measured", "low", "high")
    rows = rows.rename(columns={"measured": "difference"}).assign(series=0, name=names)
    figure = style.new_figure(0.8 + 0.6 * max(1, len(rows)))
    ax = figure.subplots()
    if rows.empty:
        ax.set_axis_off()
        ax.text(0, 0.5, "These arms were not trained at this size.", color=style.MUTED)
    else:
        style.differences(ax, rows, "difference of test errors (points)")
    style.letter({ax: "differences, paired over seeds"})
    return figure
