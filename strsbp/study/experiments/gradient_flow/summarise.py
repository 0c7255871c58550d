"""How far back in time the gradient reaches, averaged over images."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.experiments.gradient_flow.measure import COLUMNS as NORMS
from strsbp.study.experiments.gradient_flow.measure import REACHING, WEIGHTS
from strsbp.study.summary.intervals import mean_interval

COLUMNS = [
    "state", "n_steps", "method", "layer", "quantity", "steps_back", "mean", "low", "high", "n",
]  # fmt: skip
FROM_STEP = 50
"""The decay is measured from this many steps back on, where the gradient has reached all layers."""


def summarise_gradient_flow(norms: str | Path, *, out: str | Path) -> None:
    """Write `out` from the norms of `measure_gradient_flow`.

    `reaching`: the geometric mean over images, `n` of them with a norm above 0, with the 95 %
    t-interval of its logarithm; `per_100_steps`, for T above 100: the factor by which the norm
    changes over 100 further steps, from a straight line through the logarithms of each image from
    `FROM_STEP` on, likewise over images; and the norms of the weights' gradients, as they are.
    """
    frame = read_csv(norms, NORMS)
    rows = []
    keys = ["state", "n_steps", "method", "layer"]
    for key, group in frame.groupby(keys, sort=False):
        known = dict(zip(keys, key, strict=True))
        weights = group.loc[group["quantity"] == WEIGHTS, "norm"]
        rows += [known | dict(quantity=WEIGHTS, mean=norm) for norm in weights]
        reaching = group[(group["quantity"] == REACHING) & (group["norm"] > 0)]
        for back, at_step in reaching.groupby("steps_back"):
            found = _geometric(np.log(at_step["norm"]))
            rows.append(known | dict(quantity=REACHING, steps_back=back) | found)
        far = reaching[reaching["steps_back"] >= FROM_STEP]
        slopes = [
            100 * np.polyfit(one["steps_back"], np.log(one["norm"]), 1)[0]
            for _, one in far.groupby("image")
            if one["steps_back"].nunique() > 2
        ]
        if slopes:
            rows.append(known | dict(quantity="per_100_steps") | _geometric(slopes))
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _geometric(logarithms) -> dict:
    """The geometric mean of values with these natural logarithms, and its interval."""
    found = mean_interval(logarithms)._asdict()
    return {name: np.exp(value) for name, value in found.items()} | dict(n=len(logarithms))
