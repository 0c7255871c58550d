"""The expectation of e_ij for one input spike, beside its simulations, and its derivative."""

from pathlib import Path

import pandas as pd

from strsbp.files import read_csv
from strsbp.study.figures.style import figure, series_styles

COLUMNS = ("spsp", "o_i", "phi", "low", "high", "expected", "exact", "derivative")
NAMES = {
    "published": "published",
    "unblocked": "unblocked",
    "exact": "all trains alike",
    "corrected": "corrected",
}


def plot_expectation(*, curves: str | Path, png: str | Path, svg: str | Path) -> None:
    """Draw phi, what simulations leave of it, and dphi/do_i (curves.csv of the experiment).

    Corrected curves have a scale of their own: each is divided by its largest value.
    """
    frame = read_csv(curves, COLUMNS)
    with figure(png, svg, width=9.2, height=3.4) as drawn:
        value, rest, slope = drawn.subplots(1, 3)
        for (spsp, name), style in zip(NAMES.items(), series_styles(), strict=False):
            curve = frame[frame["spsp"] == spsp]
            if curve.empty:
                continue
            _draw(value, rest, slope, curve, name, style)
        value.set_title("$\\varphi$, largest = 1")
        value.set_ylim(bottom=0)
        rest.set_title("simulated less expected (%)")
        rest.axhline(0, color="black", linewidth=0.8)
        rest.set_ylim(-1, 1)
        slope.set_title("$d\\varphi/do_i$, largest $\\varphi$ = 1")
        slope.set_yscale("symlog", linthresh=0.02, linscale=2.0)
        for ax in (value, rest, slope):
            ax.set_xlabel("output spike count $o_i$")
        handles, labels = value.get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=len(handles))


def _draw(value, rest, slope, curve: pd.DataFrame, name: str, style) -> None:
    scale = curve["exact"].max()
    line = style.line | dict(marker="")
    value.plot(curve["o_i"], curve["exact"] / scale, label=name, **line)
    slope.plot(curve["o_i"], curve["derivative"] / scale, **line)
    simulated = curve[curve["phi"].notna()]
    if simulated.empty:
        return
    some = simulated.iloc[::10]
    value.plot(some["o_i"], some["phi"] / scale, linestyle="", marker=style.marker,
               color=style.color, markerfacecolor="white")  # fmt: skip
    percent = {key: 100 * (simulated[key] / simulated["expected"] - 1) for key in
               ("phi", "low", "high")}  # fmt: skip
    rest.plot(simulated["o_i"], percent["phi"], **line)
    rest.fill_between(
        simulated["o_i"], percent["low"], percent["high"], color=style.color, alpha=0.2, linewidth=0
    )
