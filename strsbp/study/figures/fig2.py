"""Fig. 2: ST-RSBP against HM2-BP, test error over 10 training epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from strsbp.study.claims import published_value
from strsbp.study.figures.curves import plot_curves


def plot_fig2(
    *,
    curves: str | Path,
    seeds: str | Path,
    claims: str | Path,
    png: str | Path,
    svg: str | Path,
    panels: Mapping[str, Sequence[str]],
    epochs: int,
) -> None:
    """Draw the arms of each panel, with the study's best errors from the claims file marked."""
    plot_curves(
        curves=curves,
        seeds=seeds,
        png=png,
        svg=svg,
        panels=panels,
        epochs=epochs,
        published={
            "study, ST-RSBP": published_value(claims, "strsbp_best_error"),
            "study, HM2-BP": published_value(claims, "hm2bp_best_error"),
        },
    )
