"""The list of all figures: names, titles, data files and drawing functions."""

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

CLAIMS = "resources/claims.yaml"


class Figure(NamedTuple):
    """One figure."""

    name: str
    """Also the name of its files and, after `plot_`, of its rule and its caption."""
    title: str
    category: str
    draw: str
    """Module whose function `draw` makes the figure."""
    data: dict[str, str]
    """Arguments of `draw` that are files: paths below a profile's results folder, or `CLAIMS`."""
    options: str | None = None
    """Where in a study's settings further arguments of `draw` are found."""
    extra: dict = {}
    """Arguments of `draw` that are the same in every study."""

    def find_draw(self) -> Callable:
        """The function that makes the figure."""
        return import_module(self.draw).draw


STUDY, OPEN = "Figures", "Open questions"
"""Categories: the study's own figures, and those of the questions that it leaves open."""

_FIGURES = "strsbp.study.figures"
_EXPERIMENTS = "strsbp.study.experiments"
_SURFACES = {"surfaces": "summarise_spsp/surfaces.csv"}
_TRACE = {"trace": "trace_spsp/trace.csv"}
_CURVES = {name: f"summarise_training/{name}.csv" for name in ("curves", "seeds", "pairs")}
_PUBLISHED = {"study, ST-RSBP": "strsbp_best_error", "study, HM2-BP": "hm2bp_best_error"}


def _curves(number: int, title: str, extra: dict, **more: str) -> Figure:
    name = f"fig{number}"
    draw, data = f"{_FIGURES}.curves", _CURVES | more
    return Figure(name, f"Fig. {number}: {title}", STUDY, draw, data, f"figures.{name}", extra)


def _fit(part: str, grid: int, o_j: list[int]) -> Figure:
    title = f"Fig. 7{part}: the fit on the {grid} x {grid} grid"
    data = _SURFACES | {"claims": CLAIMS}
    extra = dict(grid=grid, o_j=o_j)
    return Figure(f"fig7{part}", title, STUDY, f"{_FIGURES}.fit_slices", data, None, extra)


def _experiment(name: str, title: str, category: str, data: dict, options=None) -> Figure:
    return Figure(name, title, category, f"{_EXPERIMENTS}.{name}.figure", data, options)


FIGURES: tuple[Figure, ...] = (
    Figure(
        "fig1", "Fig. 1: e_ij and its dependence on both counts", STUDY, f"{_FIGURES}.fig1",
        _SURFACES,
    ),
    _curves(2, "ST-RSBP and HM2-BP over 10 epochs", dict(published=_PUBLISHED), claims=CLAIMS),
    _curves(3, "ST-RSBP and HM2-BP over 20 epochs", dict(published=_PUBLISHED), claims=CLAIMS),
    _curves(
        4, "the time constant tau_m",
        dict(
            published={"study, ST-RSBP": "strsbp_best_error"}, reference="strsbp",
            label="tau_m",
        ),
        claims=CLAIMS,
    ),
    Figure("fig5", "Fig. 5: one pair of spike trains", STUDY, f"{_FIGURES}.fig5", _TRACE),
    _curves(6, "the corrected e_ij", {}),
    _fit("a", 50, [5, 12, 25, 50]),
    _fit("b", 100, [5, 12, 25, 50, 100]),
    Figure("listings", "Listings 1 and 2 compared", STUDY, f"{_FIGURES}.listings", _TRACE),
    _experiment(
        "gradients", "Gradients: denominators and directions", STUDY,
        {name: f"gradients/{name}.csv" for name in ("gradients", "denominators")},
    ),
    _experiment(
        "divergence", "Divergence: dynamics or table", STUDY, {"curves": _CURVES["curves"]},
        "figures.divergence",
    ),
    _experiment(
        "expectation", "The expectation of e_ij", OPEN, {"curves": "expectation/curves.csv"}
    ),
    _experiment("fits", "Fits of e_ij ranked", OPEN, {"summary": "fits/summary.csv"}),
    _experiment(
        "gradient_check", "Gradients compared with the true one", OPEN,
        {"summary": "gradient_check/summary.csv"},
    ),
    _experiment("bptt", "BPTT, ST-RSBP and HM2-BP", OPEN, {"summary": "bptt/summary.csv"}),
    _experiment(
        "early_decision", "Accuracy against cost", OPEN, {"summary": "early_decision/summary.csv"}
    ),
    _experiment("sweep", "Time constants and thresholds", OPEN, {"summary": "sweep/summary.csv"}),
)  # fmt: skip


def find_figure(name: str) -> Figure:
    """The figure with this name."""
    return next(figure for figure in FIGURES if figure.name == name)
