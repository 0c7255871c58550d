"""The arms that repeat the published training logs, and the logs they are compared with."""

import numpy as np
import pandas as pd
import pytest
from flat_settings import flat_settings
from refusals import refusal

from strsbp.errors import SettingsError
from strsbp.files import ResultsError
from strsbp.study.experiments.published_logs.summarise import summarise_published_logs
from strsbp.study.loading import load_study, merged, read_config

LOGGED = {"divide_by_threshold": False, "step_rule": "logged", "cost": "repaired"}
ALL = {"n_train": 60_000}
FASHION = ALL | {"dataset": "fashion-mnist"}
HM2BP = ALL | {"gradient": "hm2bp_published", "architecture": "784-800-10", "threshold_output": 8}
ARMS = {
    "fashion_as_logged": LOGGED | FASHION,
    "fashion_as_logged_short": LOGGED | FASHION,
    "fashion_as_published": FASHION | {"cost": "repaired"},
    "hm2bp_as_logged": LOGGED | HM2BP,
    "hm2bp_as_published": HM2BP | {"cost": "repaired"},
    "hm2bp_as_logged_short": LOGGED | HM2BP,
    "hm2bp_as_published_short": HM2BP | {"cost": "repaired"},
    "mnist_strsbp_as_logged": LOGGED | ALL,
    "mnist_hm2bp_as_logged": LOGGED | ALL | {"gradient": "hm2bp"},
    "mnist_strsbp_as_published": ALL | {"cost": "repaired"},
    "mnist_hm2bp_as_published": ALL | {"cost": "repaired", "gradient": "hm2bp"},
}
"""Every setting in which each arm differs from `strsbp`."""


def test_the_arms_differ_from_strsbp_only_in_what_they_test(paper):
    assert set(paper.published_logs.arms) == set(ARMS)
    strsbp = flat_settings(paper.arm("strsbp"))
    for name, difference in ARMS.items():
        found = flat_settings(paper.arm(name)) | {"n_validation": strsbp["n_validation"]}
        assert {key: found[key] for key in found if found[key] != strsbp[key]} == difference, name


def test_compared_arms_are_arms_of_the_logs(root, paper):
    settings = paper.published_logs
    assert set(settings.arm_names()) == {arm for arm in ARMS if not arm.startswith("mnist")}
    logs = pd.read_csv(root / "resources" / "published_logs.csv")
    assert set(settings.compared) == set(logs["log"])
    base = read_config(root / "config" / "config.yaml")
    with pytest.raises(SettingsError, match="names the unknown arm 'nobody'"):
        load_study(merged(base, {"published_logs": {"compared": {"a": {"b": ["nobody"]}}}}), "here")


def test_a_log_that_is_not_in_the_file_is_refused(root, tmp_path):
    paths = dict(curves=tmp_path / "curves.csv", out=tmp_path / "summary.csv")
    logs = root / "resources" / "published_logs.csv"
    said = refusal(
        lambda: summarise_published_logs([], {"none": {"a": []}}, logs=logs, **paths), ResultsError
    )
    assert "has no log 'none'" in said


def test_a_log_is_one_run_more(root, tmp_path):
    """The interval of a difference is as wide as that of one more run of ours."""
    train = root / "results" / "paper" / "train" / "fashion_as_published"
    metrics = [train / f"seed{seed}.csv" for seed in (1, 2, 3)]
    paths = dict(curves=tmp_path / "curves.csv", out=tmp_path / "summary.csv")
    logs = root / "resources" / "published_logs.csv"
    summarise_published_logs(
        metrics, {"fashion_mnist": {"a": ["fashion_as_published"]}}, logs=logs, **paths
    )
    row = pd.read_csv(paths["out"]).query("quantity == 'test_error' and at_epoch == 1").iloc[0]
    ours = [pd.read_csv(path)["test_error"].iloc[0] for path in metrics]
    spread = 4.302653 * np.std(ours, ddof=1) * np.sqrt(1 + 1 / 3)  # t of 2 degrees, 97.5 %
    assert row["difference"] == pytest.approx(np.mean(ours) - row["logged"])
    assert row["difference_high"] - row["difference"] == pytest.approx(spread, rel=1e-6)
