"""The expectation of e_ij for one input spike and its derivative, beside simulations."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style

NAMES = {
    "published": "published",
    "unblocked": "unblocked",
    "exact": "uniform trains",
    "corrected": "corrected",
}
SIMULATED = ("published", "unblocked", "corrected")
FLAT = 20
"""Output count from which the derivative is drawn enlarged."""


@style.themed
def draw(*, curves: str | Path):
    """Draw phi, its derivative in full and enlarged, and how far simulations deviate from phi.

    Other simulations than those of `NAMES` are left to the table.
    """
    rows = read_csv(curves)
    rows = rows[rows["spsp"].isin(NAMES)]
    names = [name for name in NAMES if name in set(rows["spsp"])]
    scale = rows["spsp"].map(rows.groupby("spsp")["exact"].max())
    rows = rows.assign(
        value=rows["exact"] / scale, slope=rows["derivative"] / scale, mark=rows["phi"] / scale,
        **{f"{name}_percent": 100 * (rows[name] / rows["expected"] - 1)
           for name in ("phi", "low", "high")},
    )  # fmt: skip
    figure, axes = style.stacked((2.4, 1.9, 2.3), columns=(1, 2, 3))
    axes = dict(zip(("value", "slope", "flat", *SIMULATED), axes, strict=True))
    by_name = dict(x="o_i", color="spsp", linestyle="spsp")
    some = rows[(rows["o_i"] % 10 == 1) & rows["mark"].notna()]
    style.plot(rows, axes["value"], names, **by_name).add(
        so.Line(linewidth=1.4), y="value", legend=False
    ).plot()
    style.plot(some, axes["value"], names, x="o_i", y="mark", color="spsp", marker="spsp").add(
        so.Dots(fillcolor="white", pointsize=4.5), legend=False
    ).label(x="output spike count $o_i$", y="$\\varphi$ / its maximum").plot()
    for name, shown in (("slope", rows), ("flat", rows[rows["o_i"] >= FLAT])):
        style.plot(shown, axes[name], names, **by_name).add(
            so.Line(linewidth=1.4), y="slope", legend=False
        ).label(x="output spike count $o_i$", y=r"$d\varphi/do_i$ / max $\varphi$").plot()
        axes[name].axhline(0, color=style.INK, linewidth=0.8, zorder=1)
    for name in SIMULATED:
        ax = axes[name]
        colour = style.COLOURS[names.index(name)] if name in names else style.INK
        style.plot(rows[(rows["spsp"] == name) & rows["phi"].notna()], ax, x="o_i").add(
            so.Band(color=colour, alpha=0.3), ymin="low_percent", ymax="high_percent"
        ).add(so.Line(color=colour, linewidth=0.9), y="phi_percent").label(
            x="output count $o_i$", y="simulated −\nexpected (%)" if name == "published" else ""
        ).plot()
        ax.axhline(0, color=style.INK, linewidth=0.8)
        ax.set_ylim(-1, 1)
        if name != "published":
            ax.set_yticklabels([])
    titles = dict(value="expectation", slope="derivative", flat=f"enlarged from o_i = {FLAT}")
    style.letter({ax: titles.get(name, name) for name, ax in axes.items()})
    unmarked = dict.fromkeys(set(names) - set(SIMULATED), {"marker": ""})
    looks = {NAMES[name]: style.look(i, **unmarked.get(name, {})) for i, name in enumerate(names)}
    style.legend(figure, looks, ncols=2)
    return figure
