"""The config files that come with the study, against the study's text."""

import pytest
from flat_settings import flat_settings

from strsbp.study.experiments.settings import ExperimentSettings
from strsbp.study.loading import load_profile, read_config

PROFILES = ("quick", "paper", "full")


@pytest.fixture(scope="module", params=PROFILES)
def study(request, root):
    """Each shipped profile."""
    return load_profile(root / "config", request.param)


def test_arms_of_open_questions_alone_are_reported_with_these(study):
    left_out = set(study.arms) - set(study.reported_arms)
    of_fits = {name for name in study.fits.arms if name.startswith("fit_")} | {"exact"}
    assert left_out == (set() if study.open_questions else of_fits)
    assert {run.split("/")[3] for run in study.runs()} == set(study.reported_arms)


def test_an_experiment_may_use_no_arm():
    class FiringSettings(ExperimentSettings):
        n_samples: int = 10

    assert FiringSettings().arm_names() == []


def test_bptt_is_compared_with_arms_that_differ_only_in_the_gradient(study):
    strsbp, hm2bp = (study.arm(study.bptt.arms[name]) for name in ("strsbp", "hm2bp"))
    differing = {
        key for key, value in flat_settings(hm2bp).items() if flat_settings(strsbp)[key] != value
    }
    assert differing == {"gradient"}
    assert set(study.bptt.seeds) <= set(strsbp.seeds) & set(hm2bp.seeds)
    assert study.bptt.epochs <= min(strsbp.epochs, hm2bp.epochs)


def test_the_logged_arms_are_the_studys_with_the_setting_of_the_logs(paper):
    for name in paper.variants["logged"].arms:
        arm, logged = flat_settings(paper.arm(name)), flat_settings(paper.arm(f"logged_{name}"))
        assert {key: logged[key] for key in arm if logged[key] != arm[key]} == {
            "divide_by_threshold": False,
            "step_rule": "logged",
        }
        assert paper.arm(f"logged_{name}").seeds == paper.arm(name).seeds


def test_runs_of_judged_variants_are_summarised_if_they_exist(paper, tmp_path):
    assert paper.judged_variants == {"logged": "as logged"}
    run = tmp_path / paper.runs(["logged_hm2bp"])[1]
    run.parent.mkdir(parents=True)
    run.touch()  # without its provenance it is not finished
    assert paper.summarised_runs(folder=tmp_path) == paper.runs()
    run.with_suffix(".json").touch()
    found = "results/paper/train/logged_hm2bp/seed2.json"
    assert paper.summarised_runs("json", tmp_path) == [*paper.runs(suffix="json"), found]


def test_long_runs_on_demand_are_summarised_as_far_as_they_exist(paper):
    assert "fashion_as_logged" in paper.reported_arms  # compared with a published log
    summarised = {run.split("/")[3] for run in paper.summarised_runs()}
    assert summarised >= {"fashion_as_logged", "mnist_strsbp_as_logged"}


def test_overlays_hold_only_differences(root):
    base = read_config(root / "config" / "config.yaml")

    def repeated(overlay, below, path=""):
        for key, value in overlay.items():
            if isinstance(value, dict) and isinstance(below.get(key), dict):
                yield from repeated(value, below[key], f"{path}{key}.")
            elif key in below and below[key] == value:
                yield f"{path}{key}"

    for profile in PROFILES[1:]:
        assert list(repeated(read_config(root / "config" / f"{profile}.yaml"), base)) == []
