"""The expectation of e_ij for one input spike and its derivative, beside simulations."""

from pathlib import Path

import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures.style import (
    COLOURS,
    INK,
    legend,
    letter,
    look,
    plot,
    stacked,
    themed,
)  # fmt: skip

COLUMNS = ("spsp", "o_i", "phi", "low", "high", "expected", "exact", "derivative")
NAMES = {
    "published": "published",
    "unblocked": "unblocked",
    "exact": "all trains alike",
    "corrected": "corrected",
}
SIMULATED = ("published", "unblocked", "corrected")
FLAT = 20
"""Output count from which the derivative is drawn enlarged."""


@themed
def draw(*, curves: str | Path):
    """Draw phi, its derivative in full and enlarged, and how far simulations deviate from phi."""
    rows = read_csv(curves, COLUMNS)
    names = [name for name in NAMES if name in set(rows["spsp"])]
    scale = rows["spsp"].map(rows.groupby("spsp")["exact"].max())
    rows = rows.assign(
        value=rows["exact"] / scale, slope=rows["derivative"] / scale, mark=rows["phi"] / scale,
        **{f"{name}_percent": 100 * (rows[name] / rows["expected"] - 1)
           for name in ("phi", "low", "high")},
    )  # fmt: skip
    figure, axes = stacked((2.4, 1.9, 2.3), columns=(1, 2, 3))
    axes = dict(zip(("value", "slope", "flat", *SIMULATED), axes, strict=True))
    style = dict(x="o_i", color="spsp", linestyle="spsp")
    some = rows[(rows["o_i"] % 10 == 1) & rows["mark"].notna()]
    plot(rows, axes["value"], names, **style).add(
        so.Line(linewidth=1.4), y="value", legend=False
    ).plot()
    plot(some, axes["value"], names, x="o_i", y="mark", color="spsp", marker="spsp").add(
        so.Dots(fillcolor="white", pointsize=4.5), legend=False
    ).label(x="output spike count $o_i$", y="$\\varphi$ / its maximum").plot()
    for name, shown in (("slope", rows), ("flat", rows[rows["o_i"] >= FLAT])):
        plot(shown, axes[name], names, **style).add(
            so.Line(linewidth=1.4), y="slope", legend=False
        ).label(x="output spike count $o_i$", y=r"$d\varphi/do_i$ / max $\varphi$").plot()
        axes[name].axhline(0, color=INK, linewidth=0.8, zorder=1)
    for name in SIMULATED:
        ax = axes[name]
        colour = COLOURS[names.index(name)] if name in names else INK
        plot(rows[(rows["spsp"] == name) & rows["phi"].notna()], ax, x="o_i").add(
            so.Band(color=colour, alpha=0.3), ymin="low_percent", ymax="high_percent"
        ).add(so.Line(color=colour, linewidth=0.9), y="phi_percent").label(
            x="output count $o_i$", y="simulated −\nexpected (%)" if name == "published" else ""
        ).plot()
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_ylim(-1, 1)
        if name != "published":
            ax.set_yticklabels([])
    letter({ax: {"flat": f"enlarged from o_i = {FLAT}"}.get(name, name if name in SIMULATED else "")
            for name, ax in axes.items()})  # fmt: skip
    legend(figure, {NAMES[name]: look(i) | ({} if name in SIMULATED else {"marker": ""})
                    for i, name in enumerate(names)}, ncols=4)  # fmt: skip
    return figure
