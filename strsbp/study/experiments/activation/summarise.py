"""Eq. 3 over seeds: the statistics of every arm, with intervals."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.experiments.activation.measure import COLUMNS as MEASURED
from strsbp.study.summary.intervals import mean_interval

KEYS = ["n_train", "epochs", "state", "layer", "of", "bin", "statistic"]
COLUMNS = ["arm", *KEYS, "count", "mean", "low", "high", "n", "n_seeds"]
"""`epochs`: of training before the state `trained`; `mean`, `low` and `high`: over seeds; `n`:
neurons times images of all seeds."""


def summarise_activation(measured: Sequence[str | Path], *, out: str | Path) -> None:
    """Write `out` from the files of `measure_activation`, in a folder for each arm."""
    frames = [read_csv(path, MEASURED).assign(arm=Path(path).parent.name) for path in measured]
    rows = []
    measured = pd.concat(frames)
    measured.loc[measured["state"] == "untrained", "epochs"] = 0
    for key, group in measured.groupby(["arm", *KEYS], sort=False, dropna=False):
        sums = dict(count=group["count"].mean(), n=group["n"].sum(), n_seeds=len(group))
        found = mean_interval(group["value"])._asdict()
        rows.append(dict(zip(("arm", *KEYS), key, strict=True)) | found | sums)
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
