"""Networks that are really driven to NaN: reported with epoch and layer; their curves end."""

import json

import numpy as np
import pandas as pd
import pytest
import test_training
from test_training import HIDDEN, small_digits, small_table

from strsbp.spsp import EffectRatioTable
from strsbp.study.figures import curves as figure
from strsbp.study.figures.style import save
from strsbp.study.report.sections import _diverged
from strsbp.study.summary import summarise_training
from strsbp.training.run import run_arm

EPOCHS = 3
SEEDS = (1, 2, 3)


def huge_at_high_counts() -> EffectRatioTable:
    """A table that is finite, but beyond float32 for input counts that few pixels reach."""
    coefficients = small_table(60).coefficients.copy()
    coefficients[19:] *= 1e60
    return EffectRatioTable(coefficients)


ARMS = {
    "healthy": ({}, small_table()),
    "tiny_threshold": (dict(threshold_hidden=1e-37), small_table()),
    "huge_table": ({}, huge_at_high_counts()),
}


def trained(folder, capsys):
    """Train and summarise three arms with three seeds; returns tables, and what was printed."""
    metrics, provenance = [], []
    for name, (settings, table) in ARMS.items():
        for seed in SEEDS:
            path = folder / name / f"seed{seed}.csv"
            run_arm(
                test_training.arm(n_train=12, n_test=6, epochs=EPOCHS, title=name, **settings),
                HIDDEN, table, small_digits(12, 6), seed, name=name, metrics_path=path,
                provenance_path=path.with_suffix(".json"),
                checkpoint_path=path.with_suffix(".ckpt.npz"), profile="test",
                table_source={"file": "t", "sha256": "none"},
            )  # fmt: skip
            metrics.append(path)
            provenance.append(path.with_suffix(".json"))
    tables = {k: folder / f"{k}.csv" for k in ("curves", "seeds", "arms", "pairs", "runs")}
    summarise_training(metrics, provenance, **tables)
    return {k: pd.read_csv(path) for k, path in tables.items()}, capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_a_diverging_arm_is_reported_with_epoch_and_layer_and_its_curve_ends(tmp_path, capsys):
    tables, printed = trained(tmp_path, capsys)
    runs, curves, arms, pairs = (tables[k] for k in ("runs", "curves", "arms", "pairs"))
    diverged = runs[runs["diverged"].notna()]
    n = diverged.groupby("arm").size().to_dict()
    assert n == {"tiny_threshold": 3, "huge_table": 2}, "some arms diverge wholly, some in part"
    for run in diverged.itertuples():
        layers = ("feedforward1", "recurrent2", "output3")
        assert run.diverged in layers and run.last_epoch < EPOCHS
        said = f"{run.arm} seed {run.seed} diverged in epoch {run.last_epoch}: a weight of layer"
        assert f"{said} {run.diverged} is not finite" in printed
        path = tmp_path / run.arm / f"seed{run.seed}.csv"
        rows = pd.read_csv(path)
        assert len(rows) == run.last_epoch, "the curve ends with the epoch that diverged"
        assert rows["diverged"].notna().tolist() == [False] * (len(rows) - 1) + [True]
        assert json.loads(path.with_suffix(".json").read_text())["seed"] == run.seed
    assert printed.count("diverged in epoch") == 5

    # No number of a diverged run enters a mean, and if no run is left, there is no mean.
    errors = curves[curves["quantity"] == "test_error"].set_index(["arm", "epoch"])
    assert errors.loc["tiny_threshold", "mean"].isna().all()
    assert errors.loc["tiny_threshold", "n_seeds"].tolist() == [0]
    healthy = runs[(runs["arm"] == "huge_table") & runs["diverged"].isna()]["seed"].tolist()
    alone = pd.read_csv(tmp_path / "huge_table" / f"seed{healthy[0]}.csv")
    assert errors.loc["huge_table", "mean"].tolist() == pytest.approx(alone["test_error"].tolist())
    assert errors.loc["huge_table", "n_diverged"].tolist() == [2] * EPOCHS
    assert (arms.set_index("arm")["n_diverged"].groupby("arm").max().to_dict()) == {
        "healthy": 0, "tiny_threshold": 3, "huge_table": 2,
    }  # fmt: skip
    with_tiny = pairs[(pairs[["arm_a", "arm_b"]] == "tiny_threshold").any(axis=1)]
    assert (with_tiny["n_pairs"] == 0).all() and with_tiny["difference"].isna().all()
    finite = curves["mean"].dropna()
    assert np.isfinite(finite).all() and len(finite) > 0

    # The report's cell, and the cross in the figure.
    assert _diverged(runs[runs["arm"] == "healthy"]) == "0"
    cell = _diverged(runs[runs["arm"] == "tiny_threshold"])
    assert cell.startswith("3 (seed 1: feedforward1 in epoch 1; seed 2: feedforward1 in epoch 1; ")
    drawn = figure.draw(
        curves=tmp_path / "curves.csv", seeds=tmp_path / "seeds.csv",
        pairs=tmp_path / "pairs.csv", panels={"all": list(ARMS)}, epochs=EPOCHS,
    )  # fmt: skip
    save(drawn, tmp_path / "a.png", tmp_path / "a.svg")
    assert "nan" not in (tmp_path / "a.svg").read_text().lower().split("<defs>")[-1]
