"""Fig. 1: how the published e_ij depends on the input count o_j and the output count o_i."""

from pathlib import Path

import numpy as np
import seaborn as sns
import seaborn.objects as so

from strsbp.files import read_csv
from strsbp.study.figures import style


@style.themed
def draw(*, surfaces: str | Path):
    """Draw the largest published surface as a map and as slices along both counts."""
    rows = read_csv(surfaces)
    rows = rows[(rows["spsp"] == "published") & rows["mean"].notna()]
    grid = int(rows["grid"].max())
    rows = rows[rows["grid"] == grid]
    counts = [int(count) for count in np.unique(np.linspace(0.1, 1, 4) * grid).round()]
    figure, (whole, along_i, along_j) = style.stacked((2.4, 2.1, 2.1))
    sns.heatmap(
        rows.pivot(index="o_i", columns="o_j", values="mean"), ax=whole,
        cmap="cividis_r", cbar_kws=dict(label="$e_{ij}$ (mV)"), rasterized=True,
        xticklabels=False, yticklabels=False,
    )  # fmt: skip
    ticks = range(grid // 5, grid + 1, max(1, grid // 5))
    whole.set_xticks([n - 0.5 for n in ticks], ticks)
    whole.set_yticks([n - 0.5 for n in ticks], ticks)
    whole.invert_yaxis()
    whole.set(xlabel="input spike count $o_j$", ylabel="output spike count $o_i$")
    whole.grid(False)
    ends = {}
    for ax, along, fixed, text in (
        (along_i, "o_i", "o_j", "output spike count $o_i$"),
        (along_j, "o_j", "o_i", "input spike count $o_j$"),
    ):
        lines = rows[rows[fixed].isin(counts)]
        style.plot(lines, ax, counts, x=along, y="mean", color=fixed, linestyle=fixed).add(
            so.Line(linewidth=1.6), legend=False
        ).label(x=text, y="$e_{ij}$ (mV)").plot()
        ax.set_xlim(0, grid)
        ax.set_ylim(bottom=0)
        last = lines[lines[along] == grid].set_index(fixed)["mean"]
        ends[ax] = [(last[n], f"{fixed} = {n}", style.COLOURS[i]) for i, n in enumerate(counts)]
    style.label_ends(ends)
    style.letter(
        {whole: "e_ij of all counts", along_i: "along output counts", along_j: "along input counts"}
    )
    return figure
