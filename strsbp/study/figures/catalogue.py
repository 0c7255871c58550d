"""The figures: what each shows, from which files, and which function draws it.

The rules, the report, Snakemake's own report and the tests follow from this list.
"""

from typing import Any, Literal, NamedTuple

from strsbp.study.experiments import OPEN_QUESTIONS


class Figure(NamedTuple):
    """One figure."""

    name: str
    """Name of its files and of its target: `snakemake fig1`."""
    title: str
    category: Literal["Figures", "Open questions"]
    draw: str
    """The function that draws it, by its dotted name, so that nothing is imported before."""
    data: dict[str, str]
    """Its data files by argument: paths below results/<profile>/, or resources/claims.yaml."""
    options: str | None = None
    """Settings of the study that it takes, by their dotted name."""
    extra: dict[str, Any] = {}
    """Further arguments."""


def _figure(name, title, data, options=None):
    return Figure(name, title, "Figures", f"strsbp.study.figures.{name}.plot_{name}", data, options)


def _experiment(name, title, data, options=None):
    category = "Open questions" if name in OPEN_QUESTIONS else "Figures"
    draw = f"strsbp.study.experiments.{name}.figure.plot_{name}"
    return Figure(name, title, category, draw, data, options)


_CURVES = {
    "curves": "summarise_training/curves.csv",
    "seeds": "summarise_training/seeds.csv",
}
_SURFACES = {"surfaces": "summarise_spsp/surfaces.csv"}
_TRACE = {"trace": "trace_spsp/trace.csv"}
_CLAIMS = {"claims": "resources/claims.yaml"}
_GRADIENTS = {
    "gradients": "gradients/gradients.csv",
    "denominators": "gradients/denominators.csv",
}

FIGURES = (
    _figure("fig1", "Fig. 1: e_ij and its dependence on both counts", _SURFACES),
    _figure("fig2", "Fig. 2: ST-RSBP and HM2-BP over 10 epochs", _CURVES | _CLAIMS, "figures.fig2"),
    _figure("fig3", "Fig. 3: ST-RSBP and HM2-BP over 20 epochs", _CURVES | _CLAIMS, "figures.fig3"),
    _figure("fig4", "Fig. 4: the time constant tau_m", _CURVES | _CLAIMS, "figures.fig4"),
    _figure("fig5", "Fig. 5: one pair of spike trains", _TRACE),
    _figure("fig6", "Fig. 6: the corrected e_ij", _CURVES, "figures.fig6"),
    _figure("fig7a", "Fig. 7a: the fit on the 50 x 50 grid", _SURFACES | _CLAIMS),
    _figure("fig7b", "Fig. 7b: the fit on the 100 x 100 grid", _SURFACES | _CLAIMS),
    _figure("listings", "Listings 1 and 2 compared", _TRACE),
    _experiment("gradients", "Gradients: denominators and directions", _GRADIENTS),
    _experiment(
        "divergence",
        "Divergence: dynamics or table",
        {"curves": _CURVES["curves"]},
        "figures.divergence",
    ),
    _experiment("expectation", "The expectation of e_ij", {"curves": "expectation/curves.csv"}),
    _experiment("fits", "Fits of e_ij ranked", {"fits": "fits/summary.csv"}),
    _experiment("bptt", "BPTT beside ST-RSBP and HM2-BP", {"bptt": "bptt/summary.csv"}),
    _experiment("sweep", "Time constants and thresholds", {"constants": "sweep/summary.csv"}),
    _experiment(
        "gradient_check", "Gradients beside the true one", {"truth": "gradient_check/summary.csv"}
    ),
    _experiment(
        "early_decision", "Accuracy against operations", {"cost": "early_decision/summary.csv"}
    ),
)
