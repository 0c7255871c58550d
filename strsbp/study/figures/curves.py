"""Test error over epochs, and paired differences at the end: Figs. 2, 3, 4 and 6."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
import seaborn.objects as so
from matplotlib.ticker import MaxNLocator

from strsbp.files import read_csv
from strsbp.study.claims.entries import published_value
from strsbp.study.figures import style
from strsbp.study.summary.intervals import both_ways

STUDY_LINES = ((0, (1, 2)), (0, (6, 2, 1, 2)))
HIGH = 40
"""If any test error (%) is above this, the axes of the curves are logarithmic."""


@style.themed
def draw(
    *,
    curves: str | Path,
    seeds: str | Path,
    pairs: str | Path,
    panels: Mapping[str, Sequence[str]],
    epochs: int,
    claims: str | Path,
    published: Mapping[str, str] | None = None,
    reference: str | None = None,
    label: Literal["title", "tau_m"] = "title",
):
    """Draw each panel's arms over epochs 1..epochs, below each other, and their differences.

    `published` (label: claim of the file `claims`) are errors that the study gives, for the first
    panel. Differences are from the arm `reference` of a panel, or else from its first arm; `label`
    is the column that names the curves.
    """
    means, runs = _test_errors(curves, "mean", epochs), _test_errors(seeds, "value", epochs)
    names = _names(means, panels, label)
    differences = _differences(read_csv(pairs), panels, names, reference, epochs)
    levels = {
        name: 100 * published_value(claims, claim) for name, claim in (published or {}).items()
    }

    heights = [2.6 if len(panels) < 3 else 1.6] * len(panels)
    if not differences.empty:
        most_lines = 1 + differences["name"].str.count("\n").max()
        heights.append(0.6 + (0.06 + 0.14 * most_lines) * len(differences))
    figure, axes = style.stacked(heights)
    ends = [
        _draw_curves(ax, arms, means, runs, names, levels if ax is axes[0] else {}, epochs)
        for ax, arms in zip(axes, panels.values(), strict=False)
    ]
    curves_drawn = axes[: len(panels)]
    if runs.loc[runs["arm"].isin(names), "percent"].max() > HIGH:
        for ax in curves_drawn:
            style.logarithmic(ax, "y", (1, 1.5, 2, 3, 5, 7))
    limits = [limit for ax in curves_drawn for limit in ax.get_ylim()]
    for ax in curves_drawn:  # one range, so that panels can be compared
        ax.set_ylim(min(limits), max(limits))
    if not differences.empty:
        bases = " or ".join(dict.fromkeys(differences["base"]))
        n_seeds = differences["seeds"].unique()
        of_all = f", {n_seeds[0]} seeds" if len(n_seeds) == 1 else ""
        x_label = f"best test error minus that of {style.mathtext(bases)} (points{of_all})"
        style.differences(axes[-1], differences, x_label)
    titles = dict.fromkeys(axes, "differences, paired over seeds")
    style.letter(titles | dict(zip(axes, panels, strict=False)))
    style.label_ends(dict(zip(axes, ends, strict=False)))
    return figure


def _test_errors(path: str | Path, column: str, epochs: int) -> pd.DataFrame:
    rows = read_csv(path)
    rows = rows[(rows["quantity"] == "test_error") & (rows["epoch"] <= epochs)]
    return rows.assign(percent=100 * rows[column])


def _names(means: pd.DataFrame, panels, label: str) -> dict[str, str]:
    """The label of each arm, without its panel's title."""
    known = means.drop_duplicates("arm").set_index("arm")
    names = {}
    for title, arms in panels.items():
        for arm in arms:
            name = str(known.loc[arm, "title"]).removesuffix(f", {title}")
            names[arm] = f"tau_m = {known.loc[arm, 'tau_m']:g}" if label == "tau_m" else name
    return names


def _draw_curves(ax, arms, means, runs, names, levels, epochs) -> list[tuple[float, str, str]]:
    """Draw one panel; returns the labels of the right ends of its lines."""
    means, runs = (rows[rows["arm"].isin(arms)] for rows in (means, runs))
    for rows, mark, more in (
        (runs, so.Lines(linewidth=0.6, alpha=0.4), dict(group="seed")),
        (means, so.Line(linewidth=1.6, pointsize=4), dict(linestyle="arm", marker="arm")),
        (runs[runs["diverged"] == 1], so.Dot(marker="x", pointsize=7, stroke=1.8), {}),
    ):
        if not rows.empty:
            style.plot(rows, ax, arms, x="epoch", y="percent", color="arm", **more).add(
                mark, legend=False
            ).label(x="epoch", y="test error (%)").plot()
    for (_, level), dashes in zip(levels.items(), STUDY_LINES, strict=False):
        ax.axhline(level, color=style.INK, linewidth=0.9, linestyle=dashes, zorder=1)
    ax.set_xlim(0.5, epochs + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))

    ends = [(level, f"{name}: {level:.2f} %", style.INK) for name, level in levels.items()]
    for arm, colour in zip(arms, style.COLOURS * len(arms), strict=False):
        of_arm = means[means["arm"] == arm]
        n_runs = runs.loc[runs["arm"] == arm, "seed"].nunique()
        n_diverged = of_arm["n_diverged"].max()
        name = f"{names[arm]} ({n_diverged} of {n_runs} diverged)" if n_diverged else names[arm]
        known = of_arm["percent"].dropna()
        ends.append((known.iloc[-1] if len(known) else ax.get_ylim()[1], name, colour))
    return ends


def _differences(pairs: pd.DataFrame, panels, names, reference, epochs) -> pd.DataFrame:
    """Arm minus reference (points) of the best test errors up to the last epoch in both."""
    pairs = pairs[(pairs["quantity"] == "best_test_error") & (pairs["at_epoch"] <= epochs)]
    pairs = both_ways(pairs).sort_values("at_epoch", kind="stable")
    pairs = pairs.drop_duplicates(["arm_a", "arm_b"], keep="last").set_index(["arm_a", "arm_b"])
    rows = []
    for title, arms in panels.items():
        base = reference if reference in arms else arms[0]
        for position, arm in enumerate(arms):
            if arm != base and (arm, base) in pairs.index:
                pair = pairs.loc[(arm, base)]
                difference = 100 * pair[["difference", "low", "high"]].astype(float)
                name = style.wrap(names[arm])
                if len(panels) > 1:
                    name += f"\n{style.mathtext(title)}"
                known = dict(base=names[base], series=position, seeds=pair["n_pairs"])
                rows.append(dict(difference, name=name, **known))
    columns = ["difference", "low", "high", "name", "base", "series", "seeds"]
    rows = pd.DataFrame(rows, columns=columns)
    rows = rows.dropna(subset="difference")
    if rows["seeds"].nunique() > 1:
        rows["name"] += rows["seeds"].map("\n({} seeds)".format)
    return rows
