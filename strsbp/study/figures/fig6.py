"""Fig. 6: the corrected e_ij on 1,000 training images, test error over epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from strsbp.study.figures.curves import plot_curves


def plot_fig6(
    *,
    curves: str | Path,
    seeds: str | Path,
    png: str | Path,
    svg: str | Path,
    panels: Mapping[str, Sequence[str]],
    epochs: int,
) -> None:
    """Draw the arms of each panel, on a logarithmic scale: one may lie far above the rest."""
    plot_curves(
        curves=curves,
        seeds=seeds,
        png=png,
        svg=svg,
        panels=panels,
        epochs=epochs,
        log=True,
    )
