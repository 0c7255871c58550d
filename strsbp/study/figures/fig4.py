"""Fig. 4: the time constant tau_m, test error over 10 training epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from strsbp.study.claims import published_value
from strsbp.study.figures.curves import plot_curves


def plot_fig4(
    *,
    curves: str | Path,
    seeds: str | Path,
    claims: str | Path,
    png: str | Path,
    svg: str | Path,
    panels: Mapping[str, Sequence[str]],
    epochs: int,
) -> None:
    """Draw the arms of each panel, on a logarithmic scale: one may diverge far above the rest."""
    plot_curves(
        curves=curves,
        seeds=seeds,
        png=png,
        svg=svg,
        panels=panels,
        epochs=epochs,
        published={"study, ST-RSBP in Fig. 2": published_value(claims, "strsbp_best_error")},
        label="tau_m",
        log=True,
    )
