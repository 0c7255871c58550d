"""The runs of one cell of a sweep, which a single file holds."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from strsbp.files import ResultsError, read_csv


def read_cell(path: str | Path, epochs: int, seeds: Sequence[int]) -> pd.DataFrame:
    """The metrics in `path`, one row per seed and epoch.

    Raises `ResultsError` unless each of `seeds` has all `epochs`, or those until it diverged.
    """
    frame = read_csv(path, ("seed", "epoch", "test_error", "diverged"))
    last = frame.groupby("seed").tail(1)
    complete = (last["epoch"] == epochs) | last["diverged"].notna()
    if sorted(last["seed"]) != sorted(seeds) or not complete.all():
        raise ResultsError(
            f"{path} does not hold {epochs} epochs of the seeds {', '.join(map(str, seeds))}; "
            "measure it again."
        )
    return frame
