"""The arms that repeat the published training logs, and their distances from the logs."""

import json

import pandas as pd
import pytest
from flat_settings import flat_settings

from strsbp.errors import SettingsError
from strsbp.files import ResultsError
from strsbp.study.experiments.published_logs.summarise import summarise_published_logs
from strsbp.study.loading import load_profile, load_study, merged, read_config

LOGGED = {"divide_by_threshold": False, "step_rule": "logged", "cost": "repaired"}
ALL = {"n_train": 60_000}
FASHION = ALL | {"dataset": "fashion-mnist"}
HM2BP = ALL | {
    "gradient": "hm2bp_published",
    "architecture": "784-800-10",
    "threshold_output": 8,
}
ARMS = {
    "fashion_as_logged": LOGGED | FASHION,
    "fashion_as_logged_short": LOGGED | FASHION,
    "fashion_as_published": FASHION | {"cost": "repaired"},
    "hm2bp_as_logged": LOGGED | HM2BP,
    "hm2bp_as_published": HM2BP | {"cost": "repaired"},
    "mnist_strsbp_as_logged": LOGGED | ALL,
    "mnist_hm2bp_as_logged": LOGGED | ALL | {"gradient": "hm2bp"},
    "mnist_strsbp_as_published": ALL | {"cost": "repaired"},
    "mnist_hm2bp_as_published": ALL | {"cost": "repaired", "gradient": "hm2bp"},
}
"""Every setting in which each arm differs from `strsbp`."""


@pytest.fixture(scope="module")
def paper(root):
    """The study at its own size."""
    return load_profile(root / "config", "paper")


def test_the_arms_differ_from_strsbp_only_in_what_they_test(paper):
    assert set(paper.published_logs.arms) == set(ARMS)
    strsbp = flat_settings(paper.arm("strsbp"))
    for name, difference in ARMS.items():
        found = flat_settings(paper.arm(name))
        assert {key: found[key] for key in found if found[key] != strsbp[key]} == difference, name


def test_compared_arms_are_arms_of_the_logs(root, paper):
    settings = paper.published_logs
    assert set(settings.compared_arms()) == {
        arm for arm in ARMS if not arm.startswith("mnist") and not arm.endswith("short")
    }
    logs = pd.read_csv(root / "resources" / "published_logs.csv")
    assert set(settings.compared) == set(logs["log"])
    base = read_config(root / "config" / "config.yaml")
    with pytest.raises(SettingsError, match="names the arm 'nobody'"):
        load_study(merged(base, {"published_logs": {"compared": {"a": {"b": ["nobody"]}}}}), "here")


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
    """Metrics and provenance of a long run of one seed and a short one of another."""
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
    first = rows.loc[(1, "test_error")]
    assert first["logged"] == pytest.approx(0.1) and first["n_seeds"] == 2
    assert first["mean"] == pytest.approx(0.11) and first["difference"] == pytest.approx(0.01)
    assert first["low"] < 0.11 < first["high"] and first["n_train"] == 10
    assert rows.loc[(2, "train_error"), ["logged", "mean"]].tolist() == pytest.approx([0.1, 0.08])
    assert rows.loc[(2, "cost"), "difference"] == pytest.approx(40 - 50)
    # The best of one epoch is over both runs, the best of three over the run that has three.
    assert rows.loc[(1, "best_test_error"), "mean"] == pytest.approx(0.11)
    best = rows.loc[(3, "best_test_error")]
    assert best["n_seeds"] == 1
    assert best[["logged", "mean"]].tolist() == pytest.approx([0.05, 0.04])
    assert len(pd.read_csv(curves)) == 3 * 3


def test_an_unknown_log_is_named(tmp_path, logs, files):
    with pytest.raises(ResultsError, match="no log 'fashion'"):
        summarise_published_logs(
            *files, {"fashion": {"as logged": ["long"]}}, logs=logs, curves=tmp_path / "c.csv",
            out=tmp_path / "o.csv",
        )  # fmt: skip
