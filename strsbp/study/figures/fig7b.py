"""Fig. 7b: the polynomial fit on the 100 x 100 grid, its derivative, and both outside the grid."""

from pathlib import Path

from strsbp.study.claims import published_value
from strsbp.study.figures.surfaces import plot_fit_slices

GRID = 100
INPUT_COUNTS = (5, 12, 25, 50, 100)


def plot_fig7b(
    *, surfaces: str | Path, claims: str | Path, png: str | Path, svg: str | Path
) -> None:
    """Draw slices of the published and the corrected surface with their fits on the 100-grid."""
    plot_fit_slices(
        surfaces=surfaces,
        grid=GRID,
        o_j=INPUT_COUNTS,
        published=published_value(claims, "corrected_reference_value"),
        png=png,
        svg=svg,
    )
