"""Fig. 7a: the polynomial fit on the 50 x 50 grid, its derivative, and both outside the grid."""

from pathlib import Path

from strsbp.study.claims import published_value
from strsbp.study.figures.surfaces import plot_fit_slices

GRID = 50
INPUT_COUNTS = (5, 12, 25, 50)


def plot_fig7a(
    *, surfaces: str | Path, claims: str | Path, png: str | Path, svg: str | Path
) -> None:
    """Draw slices of the published and the corrected surface with their fits on the 50-grid."""
    plot_fit_slices(
        surfaces=surfaces,
        grid=GRID,
        o_j=INPUT_COUNTS,
        published=published_value(claims, "corrected_reference_value"),
        png=png,
        svg=svg,
    )
