"""The list of all figures: names, titles, data files and drawing functions."""

from typing import NamedTuple

from strsbp.study.experiments import OPEN_QUESTIONS

CLAIMS = {"claims": "resources/claims.yaml"}


class Figure(NamedTuple):
    """One figure."""

    name: str
    """Also the name of its files and, after `plot_`, of its rule and its caption."""
    title: str
    draw: str
    """Module whose function `draw` makes the figure."""
    data: dict[str, str]
    """Arguments of `draw` that are files: paths below a profile's results folder."""
    options: str | None = None
    """Where in a study's settings further arguments of `draw` are found."""
    extra: dict = {}
    """Arguments of `draw` that are the same in every study."""
    resources: dict[str, str] = {}
    """Arguments of `draw` that are files of the repository."""

    @property
    def category(self) -> str:
        """Whether it is of the study itself or of a question that the study leaves open."""
        asked = self.name in OPEN_QUESTIONS or "answers" in self.data
        return "Open questions" if asked else "Figures"

    @property
    def group(self) -> str:
        """Figures whose data are ready at about the same time may share a job of a cluster."""
        if self.data.keys() <= {"surfaces", "trace"}:
            return "spsp_figures"
        return "question_figures" if self.category == "Open questions" else "training_figures"


_FIGURES = "strsbp.study.figures"
_SURFACES = {"surfaces": "summarise_spsp/surfaces.csv"}
_TRACE = {"trace": "trace_spsp/trace.csv"}
_CURVES = {name: f"summarise_training/{name}.csv" for name in ("curves", "seeds", "pairs")}
_PUBLISHED = {"study, ST-RSBP": "strsbp_best_error", "study, HM2-BP": "hm2bp_best_error"}


def _curves(number: int, title: str, **extra) -> Figure:
    name, title = f"fig{number}", f"Fig. {number}: {title}"
    return Figure(name, title, f"{_FIGURES}.curves", _CURVES, f"figures.{name}", extra, CLAIMS)


def _fit(part: str, grid: int, o_j: list[int]) -> Figure:
    title = f"Fig. 7{part}: the fit on the {grid} x {grid} grid"
    extra, draw = dict(grid=grid, o_j=o_j), f"{_FIGURES}.fit_slices"
    return Figure(f"fig7{part}", title, draw, _SURFACES, extra=extra, resources=CLAIMS)


def _experiment(name: str, title: str, *tables: str) -> Figure:
    data = {table: f"{name}/{table}.csv" for table in tables or ("summary",)}
    return Figure(name, title, f"strsbp.study.experiments.{name}.figure", data)


FIGURES: tuple[Figure, ...] = (
    Figure("fig1", "Fig. 1: e_ij and its dependence on both counts", f"{_FIGURES}.fig1", _SURFACES),
    _curves(2, "ST-RSBP and HM2-BP over 10 epochs", published=_PUBLISHED),
    _curves(3, "ST-RSBP and HM2-BP over 20 epochs", published=_PUBLISHED),
    _curves(
        4, "the time constant tau_m", published={"study, ST-RSBP": "strsbp_best_error"},
        reference="strsbp", label="tau_m",
    ),
    Figure("fig5", "Fig. 5: one pair of spike trains", f"{_FIGURES}.fig5", _TRACE),
    _curves(6, "the corrected e_ij"),
    _fit("a", 50, [5, 12, 25, 50]),
    _fit("b", 100, [5, 12, 25, 50, 100]),
    Figure("listings", "Listings 1 and 2 compared", f"{_FIGURES}.listings", _TRACE),
    _experiment(
        "gradients", "Gradients: denominators and directions", "gradients", "denominators"
    ),
    Figure(
        "divergence", "Divergence: dynamics or table",
        "strsbp.study.experiments.divergence.figure", {"curves": _CURVES["curves"]},
        "divergence",
    ),
    _experiment("activation", "Eq. 3: potentials and spike counts"),
    _experiment("expectation", "The expectation of e_ij", "curves"),
    _experiment("fits", "Fits of e_ij ranked"),
    _experiment("gradient_check", "Gradients compared with the true one"),
    _experiment("bptt", "BPTT, ST-RSBP and HM2-BP"),
    _experiment("gradient_flow", "Gradients back in time"),
    _experiment("early_decision", "Accuracy against cost"),
    _experiment("sweep", "Time constants and thresholds"),
    _experiment("regularisation", "The strength of the regularisation"),
    _experiment("published_logs", "The published training logs", "curves"),
    Figure(
        "gradient_length", "Length or direction of the gradient", f"{_FIGURES}.gradient_length",
        {"answers": "judge_questions/answers.csv", "arms": "summarise_training/arms.csv"},
    ),
)  # fmt: skip
