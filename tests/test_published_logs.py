"""The arms that repeat the published training logs."""

import pytest
from flat_settings import flat_settings

from strsbp.errors import SettingsError
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
    "hm2bp_as_logged_short": LOGGED | HM2BP,
    "hm2bp_as_published": HM2BP | {"cost": "repaired"},
    "mnist_strsbp_as_logged": LOGGED | ALL,
    "mnist_hm2bp_as_logged": LOGGED | ALL | {"gradient": "hm2bp"},
    "mnist_strsbp_as_published": ALL | {"cost": "repaired"},
    "mnist_hm2bp_as_published": ALL | {"cost": "repaired", "gradient": "hm2bp"},
}
"""All in which each arm differs from `strsbp`."""


@pytest.fixture
def paper(root):
    """The study at its own size."""
    return load_profile(root / "config", "paper")


def test_the_arms_differ_from_strsbp_in_what_they_ask_alone(paper):
    assert set(paper.published_logs.arms) == set(ARMS)
    strsbp = flat_settings(paper.arm("strsbp"))
    for name, difference in ARMS.items():
        found = flat_settings(paper.arm(name))
        assert {key: found[key] for key in found if found[key] != strsbp[key]} == difference, name


def test_the_study_itself_does_without_them(paper):
    assert not set(ARMS) & set(paper.arms)
    assert not any(name in run for name in ARMS for run in paper.runs())
    assert paper.runs(["hm2bp_as_published"])[-1] == (
        "results/paper/train/hm2bp_as_published/seed3.csv"
    )


def test_two_arms_of_one_name_are_refused(root):
    base = read_config(root / "config" / "config.yaml")
    doubled = {"published_logs": {"arms": {"hm2bp": {"title": "Once more"}}}}
    with pytest.raises(SettingsError, match="two arms are called 'hm2bp'"):
        load_study(merged(base, doubled), "here")
