"""A table of how well each gradient agrees with the true one, over networks with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.experiments.gradient_check.agreement import (
    Halves,
    cosine,
    length,
    linearity,
    moved,
    reliability,
)
from strsbp.study.experiments.gradient_check.measure import (
    FINITE_DIFFERENCE,
    PROJECTION_COLUMNS,
    TIME_COLUMNS,
)
from strsbp.study.summary.intervals import mean_interval

KEYS = ["state", "layer", "step", "estimator", "against", "quantity"]
COLUMNS = [*KEYS[:4], "title", *KEYS[4:], "mean", "low", "high", "n", "n_seeds"]


def summarise_gradient_check(
    projections: Sequence[str | Path],
    times: Sequence[str | Path],
    titles: Mapping[str, str],
    *,
    out: str | Path,
) -> None:
    """Write `out` from the tables of `measure_gradient_check`, in a folder for each state and seed.

    `titles`: of the estimators, the first of which is compared with every other. Quantities, for
    each layer and step of the finite differences (`step`, in the units of the settings): those of
    `agreement`, differences of cosines (`estimator` minus `against`), and `cpu_ms` per sample.
    `n`: directions or samples of each network. `mean`, `low` and `high` are over the networks; all
    are empty if the truth does not stand out from its noise in every one of them.
    """
    rows = []
    for projected, timed in zip(projections, times, strict=True):
        state = Path(projected).parent.parent.name
        for layer, of_layer in read_csv(projected, PROJECTION_COLUMNS).groupby("layer", sort=False):
            rows += [dict(state=state, layer=layer) | row for row in _layer_rows(of_layer)]
        for name, of_estimator in read_csv(timed, TIME_COLUMNS).groupby("estimator", sort=False):
            found = dict(quantity="cpu_ms", value=of_estimator["cpu_ms"].mean())
            rows.append(dict(state=state, layer="all", estimator=name, n=len(of_estimator)) | found)
    measured = pd.DataFrame(rows, columns=[*KEYS, "n", "value"])
    rows = []
    for key, group in measured.groupby(KEYS, sort=False, dropna=False):
        found = mean_interval(group["value"])._asdict()
        sizes = dict(n=group["n"].iloc[0], n_seeds=len(group))
        rows.append(dict(zip(KEYS, key, strict=True)) | found | sizes)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["title"] = frame["estimator"].map(titles)
    write_csv(frame, out)


def _layer_rows(projections: pd.DataFrame) -> Iterator[dict]:
    truths = {
        step: _halves(rows)
        for step, rows in projections[projections["estimator"] == FINITE_DIFFERENCE].groupby("step")
    }
    estimates = {
        name: _halves(rows)
        for name, rows in projections.groupby("estimator", sort=False)
        if name != FINITE_DIFFERENCE
    }
    small, large = sorted(truths)
    first = next(iter(estimates))
    for step, truth in truths.items():
        found = {
            (FINITE_DIFFERENCE, "moved"): moved(truth),
            (FINITE_DIFFERENCE, "reliability"): reliability(truth),
        }
        if step == large:
            found[FINITE_DIFFERENCE, "linearity"] = linearity(truths[small], truth)
        for name, estimate in estimates.items():
            found[name, "cosine"] = cosine(estimate, truth)
            found[name, "length"] = length(estimate, truth)
            if name != first:
                difference = found[first, "cosine"] - found[name, "cosine"]
                found[first, "cosine_difference", name] = difference
        for key, value in found.items():
            named = dict(zip(("estimator", "quantity", "against"), key, strict=False))
            yield named | dict(step=step, n=truth.first.size, value=value)


def _halves(rows: pd.DataFrame) -> Halves:
    rows = rows.sort_values("direction")
    return Halves(*(rows[half].to_numpy(dtype=np.float64) for half in ("first", "second")))
