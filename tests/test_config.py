"""The config files that come with the study, against the study's text."""

import pytest
from flat_settings import flat_settings

from strsbp.study.loading import load_profile, read_config

PROFILES = ("quick", "paper", "full")

OURS = {
    **{
        f"tau_m_{tau_m}_table_64": {"tau_m": tau_m, "table.tau_m": 64}
        for tau_m in (32, 50, 96, 128)
    },
    "derived_reservoir": {"reservoir": "derived"},
    "derived_adjoint": {"adjoint": "derived"},
    "unblocked_table": {"table.spsp": "unblocked"},
    "derived_all": {"reservoir": "derived", "adjoint": "derived", "table.spsp": "unblocked"},
    "published_shuffle": {"shuffle": "published"},
}
"""Arms that the study does not have, and every setting in which they differ from `strsbp`."""
PAPER_ALONE = {
    "mnist_60000": {"n_train": 60_000},
    "fashion_60000": {"n_train": 60_000, "dataset": "fashion-mnist"},
    "strsbp_1000": {"n_train": 1000, "n_test": 1000},
    "hm2bp_1000": {"n_train": 1000, "n_test": 1000, "gradient": "hm2bp"},
    "tau_m_32_1000_table_128": {
        "n_train": 1000,
        "n_test": 1000,
        "tau_m": 32,
        "table.tau_m": 128,
    },
    "tau_m_24_1000": {"n_train": 1000, "n_test": 1000, "tau_m": 24},
}
"""The same for arms that only the paper-size profile has."""


@pytest.fixture(scope="module", params=PROFILES)
def study(request, root):
    """Each shipped profile."""
    return load_profile(root / "config", request.param)


@pytest.fixture(scope="module")
def paper(root):
    """The study at its own size."""
    return load_profile(root / "config", "paper")


def test_the_arms_keep_the_published_programs_deviations(study):
    for name, arm in study.arms.items():
        if name not in OURS:
            assert (arm.reservoir, arm.adjoint) == ("published", "published")


def test_arms_of_ours_differ_from_strsbp_only_in_what_they_test(study):
    strsbp = flat_settings(study.arm("strsbp"))
    asked = OURS | (PAPER_ALONE if study.profile == "paper" else {})
    for name, difference in asked.items():
        found = flat_settings(study.arm(name))
        assert {key: found[key] for key in found if found[key] != strsbp[key]} == difference, name


def test_arms_of_open_questions_alone_are_reported_with_these(study):
    left_out = set(study.arms) - set(study.reported_arms)
    of_fits = {name for name in study.fits.arms if name.startswith("fit_")} | {"exact"}
    assert left_out == (set() if study.open_questions else of_fits)
    assert {run.split("/")[3] for run in study.runs()} == set(study.reported_arms)


def test_bptt_is_compared_with_arms_that_differ_only_in_the_gradient(study):
    strsbp, hm2bp = study.arm(study.bptt.strsbp), study.arm(study.bptt.hm2bp)
    differing = {
        key for key, value in flat_settings(hm2bp).items() if flat_settings(strsbp)[key] != value
    }
    assert differing == {"gradient"}
    assert set(study.bptt.seeds) <= set(strsbp.seeds) & set(hm2bp.seeds)
    assert study.bptt.epochs <= min(strsbp.epochs, hm2bp.epochs)


def test_paper_has_the_studys_sizes_epochs_and_seeds(paper):
    long = ("strsbp", "hm2bp", "strsbp_feedforward", "hm2bp_feedforward")
    for name in set(paper.arms) - set(PAPER_ALONE):
        arm = paper.arm(name)
        fig6 = name.startswith("fig6")
        assert (arm.dataset, arm.n_train, arm.n_test) == ("mnist", 1000 if fig6 else 10_000, 10_000)
        ranked = name == "exact" or name.startswith("fit_")
        assert arm.epochs == (20 if name in long or fig6 else 3 if ranked else 10), name
        assert len(arm.seeds) == (5 if name in long else 3), name
    assert paper.simulation.repeats == 1000


def test_the_logged_arms_are_the_studys_with_the_setting_of_the_logs(paper):
    for name in paper.variants["logged"].arms:
        arm, logged = flat_settings(paper.arm(name)), flat_settings(paper.arm(f"logged_{name}"))
        assert {key: logged[key] for key in arm if logged[key] != arm[key]} == {
            "divide_by_threshold": False,
            "step_rule": "logged",
        } | ({"n_validation": 5000} if name in ("strsbp", "hm2bp") else {})
        assert len(paper.arm(f"logged_{name}").seeds) == (5 if "tau_m" in name else 10)


def test_runs_of_judged_variants_are_summarised_if_they_exist(paper, tmp_path):
    assert paper.judged_variants == {"logged": "as logged"}
    run = tmp_path / paper.runs(["logged_hm2bp"])[1]
    run.parent.mkdir(parents=True)
    run.touch()  # without its provenance it is not finished
    assert paper.summarised_runs(folder=tmp_path) == paper.runs()
    run.with_suffix(".json").touch()
    found = "results/paper/train/logged_hm2bp/seed2.json"
    assert paper.summarised_runs("json", tmp_path) == [*paper.runs(suffix="json"), found]


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
