"""How far back in time the gradient reaches, averaged over images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.experiments.gradient_flow.measure import COLUMNS as NORMS
from strsbp.study.experiments.gradient_flow.measure import REACHING
from strsbp.study.summary.intervals import mean_interval

KEYS = ["state", "n_steps", "method", "layer", "quantity"]
COLUMNS = [*KEYS, "steps_back", "mean", "low", "high", "n", "n_seeds"]
PER_100_STEPS = "per_100_steps"
FROM_STEP = 50
"""The decay is measured from this many steps back on, where the gradient has reached all layers."""


def summarise_gradient_flow(norms: Sequence[str | Path], *, out: str | Path) -> None:
    """Write `out` from the norms of `measure_gradient_flow`, one file per network.

    `reaching`: the norm at some steps back; `per_100_steps`, for T above 100: the factor by which
    the norm changes over 100 further steps, from a straight line through the logarithms of each
    image from `FROM_STEP` on; and the norms of the weights' gradients. All are geometric means over
    a network's images (with a norm above 0, `n` in all networks) and then over networks, with the
    95 % t-interval of the logarithms of the latter.
    """
    frame = pd.concat(
        read_csv(path, NORMS).assign(network=number) for number, path in enumerate(norms)
    )
    frame = frame[frame["norm"] > 0]
    frame = frame.assign(logarithm=np.log(frame["norm"]))
    far = frame[(frame["quantity"] == REACHING) & (frame["steps_back"] >= FROM_STEP)]
    of_image = [*KEYS, "network", "image"]
    slopes = [
        dict(zip(of_image, key, strict=True))
        | dict(logarithm=100 * np.polyfit(one["steps_back"], one["logarithm"], 1)[0])
        for key, one in far.groupby(of_image, sort=False)
        if one["steps_back"].nunique() > 2
    ]
    frame = pd.concat([frame, pd.DataFrame(slopes).assign(quantity=PER_100_STEPS)])
    rows = []
    for key, group in frame.groupby([*KEYS, "steps_back"], sort=False, dropna=False):
        means = group.groupby("network")["logarithm"].mean()
        found = {name: np.exp(value) for name, value in mean_interval(means)._asdict().items()}
        sizes = dict(n=len(group), n_seeds=len(means))
        rows.append(dict(zip((*KEYS, "steps_back"), key, strict=True)) | found | sizes)
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
