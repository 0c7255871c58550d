"""Our runs beside the published logs."""

import json

import pandas as pd
import pytest

from strsbp.files import ResultsError
from strsbp.study.experiments.published_logs.summarise import summarise_published_logs


def write_run(folder, arm, seed, errors):
    """A run with these test errors, and training errors twice as large."""
    frame = pd.DataFrame(
        {
            "epoch": range(1, len(errors) + 1),
            "test_error": errors,
            "train_error": [2 * error for error in errors],
            "cost": [1000 * error for error in errors],
            "diverged": "",
        }
    )
    metrics, provenance = folder / f"{arm}{seed}.csv", folder / f"{arm}{seed}.json"
    frame.to_csv(metrics, index=False)
    document = {
        "arm": arm,
        "seed": seed,
        "settings": {"title": arm, "architecture": "a", "epochs": len(errors)},
        "data": {"dataset": "mnist", "n_train": 10, "n_test": 10},
    }
    provenance.write_text(json.dumps(document))
    return metrics, provenance


@pytest.fixture
def logs(tmp_path):
    """A log of three epochs."""
    path = tmp_path / "logs.csv"
    path.write_text(
        "log,epoch,test_accuracy,train_accuracy,cost\nm,1,90,80,100\nm,2,95,90,50\nm,3,94,95,40\n"
    )
    return path


@pytest.fixture
def files(tmp_path):
    """A long run of one seed and a short one of another, in the order metrics, provenance."""
    runs = [
        write_run(tmp_path, "long", 1, [0.12, 0.04, 0.07]),
        write_run(tmp_path, "short", 2, [0.1]),
    ]
    return list(zip(*runs, strict=True))


def test_distances_from_a_log(tmp_path, logs, files):
    out, curves = tmp_path / "summary.csv", tmp_path / "curves.csv"
    compared = {"m": {"as logged": ["long", "short"]}}
    summarise_published_logs(*files, compared, logs=logs, curves=curves, out=out)
    rows = pd.read_csv(out).set_index(["at_epoch", "quantity"])
    first = rows.loc[("1", "test_accuracy")]
    assert first["logged"] == 90 and first["n_seeds"] == 2
    assert first["mean"] == pytest.approx(89) and first["difference"] == pytest.approx(-1)
    assert first["low"] < 89 < first["high"]
    assert rows.loc[("2", "cost"), "difference"] == pytest.approx(40 - 50)
    # The best of the first epoch over both runs, of all three over the run that has them.
    assert rows.loc[("best 1", "test_accuracy"), "mean"] == pytest.approx(89)
    best = rows.loc[("best 3", "test_accuracy")]
    assert (best["logged"], best["n_seeds"]) == (95, 1) and best["mean"] == pytest.approx(96)
    assert len(pd.read_csv(curves)) == 3 * 3


def test_an_unknown_log_is_named(tmp_path, logs, files):
    with pytest.raises(ResultsError, match="no log 'fashion'"):
        summarise_published_logs(
            *files, {"fashion": {"as logged": ["long"]}}, logs=logs, curves=tmp_path / "c.csv",
            out=tmp_path / "o.csv",
        )  # fmt: skip
