"""A table of how well each gradient agrees with the true one, with intervals."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.experiments.gradient_check.agreement import (
    Halves,
    compare_with_truth,
    cosine_difference,
    describe_truth,
    linearity,
)
from strsbp.study.experiments.gradient_check.measure import (
    FINITE_DIFFERENCE,
    PROJECTION_COLUMNS,
    TIME_COLUMNS,
)
from strsbp.study.summary.intervals import bootstrap_interval

COLUMNS = [
    "state", "layer", "step", "estimator", "title", "against", "quantity", "mean", "low", "high",
    "n",
]  # fmt: skip


def summarise_gradient_check(
    projections: Sequence[str | Path],
    times: Sequence[str | Path],
    titles: Mapping[str, str],
    seed: int,
    *,
    out: str | Path,
) -> None:
    """Write `out` from the tables of `measure_gradient_check`, in a folder for each state.

    `titles`: of the estimators, the first of which is compared with every other.
    Quantities, for each layer and step of the finite differences
    (`step`, in the units of the settings): those of `describe_truth`, `linearity` and
    `compare_with_truth`, differences of cosines (`estimator` minus `against`), and `cpu_ms` per
    sample. `n`: directions or samples. `mean` is empty if the truth does not stand out from its
    noise.
    """
    rows = []
    for projected, timed in zip(projections, times, strict=True):
        state = Path(projected).parent.name
        for layer, of_layer in read_csv(projected, PROJECTION_COLUMNS).groupby("layer", sort=False):
            rows += [dict(state=state, layer=layer) | row for row in _layer_rows(of_layer, seed)]
        for name, of_estimator in read_csv(timed, TIME_COLUMNS).groupby("estimator", sort=False):
            values = of_estimator["cpu_ms"].to_numpy(dtype=float)
            found = bootstrap_interval(np.mean, (values,), seed, resamples=2000)
            row = dict(state=state, layer="all", estimator=name, quantity="cpu_ms", n=values.size)
            rows.append(row | found._asdict())
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["title"] = frame["estimator"].map(titles)
    write_csv(frame, out)


def _layer_rows(projections: pd.DataFrame, seed: int):
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
        known = dict(step=step, n=truth.first.size)
        found = {(FINITE_DIFFERENCE, key): one for key, one in describe_truth(truth, seed).items()}
        if step == large:
            found[FINITE_DIFFERENCE, "linearity"] = linearity(truths[small], truth, seed)
        for name, estimate in estimates.items():
            for key, one in compare_with_truth(estimate, truth, seed).items():
                found[name, key] = one
            if name != first:
                difference = cosine_difference(estimates[first], estimate, truth, seed)
                found[first, "cosine_difference", name] = difference
        for key, one in found.items():
            named = dict(zip(("estimator", "quantity", "against"), key, strict=False))
            yield known | named | one._asdict()


def _halves(rows: pd.DataFrame) -> Halves:
    rows = rows.sort_values("direction")
    return Halves(*(rows[half].to_numpy(dtype=np.float64) for half in ("first", "second")))
