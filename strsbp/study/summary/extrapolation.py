"""Where a curve of test errors is heading: a power law with a floor, fitted to the epochs."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.summary.intervals import CONFIDENCE

COLUMNS = [
    "arm", "title", "n_train", "epochs", "last_test_error", "quantity", "value", "low", "high",
    "residual",
]  # fmt: skip
ALL_IMAGES = 60_000
FEWEST_EPOCHS = 6
"""More points than the three parameters."""
TARGET = 200
"""Epoch to which the curve is extrapolated; the authors trained 200."""


def saturating(epoch, floor, drop, power):
    """Test error after `epoch` (from 1): floor + drop * epoch ** -power."""
    return floor + drop * np.asarray(epoch, dtype=np.float64) ** -power


def fit_saturating(epochs, errors) -> dict | None:
    """Fit `saturating` by least squares; returns quantities with their 95 % intervals.

    `floor` and `after_200`: (value, low, high), from the linearised covariance and Student's t;
    `residual`: root mean square error of the fit. None if there
    are fewer than `FEWEST_EPOCHS` points or the fit does not converge.
    """
    from scipy import optimize, stats

    epochs, errors = np.asarray(epochs, dtype=float), np.asarray(errors, dtype=float)
    if epochs.size < FEWEST_EPOCHS:
        return None
    start = errors.min() / 2, max(errors[0] - errors.min() / 2, 1e-3), 0.5
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", optimize.OptimizeWarning)
            found, covariance = optimize.curve_fit(
                saturating, epochs, errors, p0=start, bounds=([0, 0, 0.01], [1, 1, 5])
            )
    except (RuntimeError, optimize.OptimizeWarning):
        return None
    factor = stats.t.ppf((1 + CONFIDENCE) / 2, epochs.size - 3)

    def with_interval(value, gradient):
        spread = factor * np.sqrt(max(gradient @ covariance @ gradient, 0.0))
        return float(value), float(max(value - spread, 0)), float(min(value + spread, 1))

    floor, drop, power = found
    scale = TARGET**-power
    quantities = {
        "floor": with_interval(floor, np.array([1.0, 0.0, 0.0])),
        f"after_{TARGET}": with_interval(
            saturating(TARGET, *found), np.array([1.0, scale, -drop * np.log(TARGET) * scale])
        ),
    }
    residual = float(np.sqrt(np.mean((saturating(epochs, *found) - errors) ** 2)))
    return dict(quantities=quantities, residual=residual)


def extrapolate_errors(*, curves: str | Path, arms: str | Path, out: str | Path) -> None:
    """Extrapolate the test errors of every arm that was trained on all images; write `out`.

    One row per quantity of `fit_saturating`; no row for an arm without a fit.
    """
    frame = read_csv(curves, ("arm", "title", "epoch", "quantity", "mean"))
    sizes = read_csv(arms, ("arm", "n_train", "epochs")).drop_duplicates("arm").set_index("arm")
    rows = []
    for arm in sizes.index[sizes["n_train"] >= ALL_IMAGES]:
        curve = frame[(frame["arm"] == arm) & (frame["quantity"] == "test_error")]
        curve = curve.dropna(subset="mean").sort_values("epoch")
        fit = fit_saturating(curve["epoch"], curve["mean"]) or dict(quantities={})
        for quantity, (value, low, high) in fit["quantities"].items():
            rows.append(
                dict(
                    arm=arm, title=curve["title"].iloc[0], n_train=sizes.loc[arm, "n_train"],
                    epochs=len(curve), last_test_error=curve["mean"].iloc[-1], quantity=quantity,
                    value=value, low=low, high=high, residual=fit["residual"],
                )
            )  # fmt: skip
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)
