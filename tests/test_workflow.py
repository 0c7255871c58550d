"""The workflow as a user sees it: what it plans, mistakes, and a tiny study run to the end."""

import json
import os
import re
import shutil

import pytest

from strsbp.cuda.device import obstacle
from strsbp.study.figures.catalogue import FIGURES

DRY = ("--quiet", "host", "--dry-run")  # in this order: --quiet takes all words that follow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, copy_checkout):
    """A copy of the repository in which nothing has been run; tests leave it that way."""
    return copy_checkout(tmp_path_factory.mktemp("dry") / "checkout")


def planned(output: str) -> dict[str, int]:
    """Jobs of a dry run by rule, from its table."""
    rows = re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule != "total"}


def test_everything_is_the_default(snakemake, checkout):
    run = snakemake(*DRY, cwd=checkout)
    assert run.returncode == 0, run.stdout
    jobs = planned(run.stdout)
    assert jobs["train"] >= 14
    assert jobs["build_report"] == 1
    of_the_study = {f"plot_{figure.name}" for figure in FIGURES if figure.category == "Figures"}
    assert {rule for rule in jobs if rule.startswith("plot_")} == of_the_study


def test_open_questions_are_asked_at_the_studys_own_size(snakemake, checkout):
    run = snakemake(*DRY, "all_experiments", cwd=checkout)
    assert run.returncode == 0, run.stdout
    jobs = planned(run.stdout)
    assert jobs["measure_sweep"] == 26 and jobs["judge_questions"] == 1
    assert {f"plot_{figure.name}" for figure in FIGURES} <= set(jobs)
    assert "results/quick" not in run.stdout


@pytest.mark.parametrize(
    ("target", "jobs"),
    [("regularisation", {"measure_regularisation": 12}), ("published_logs", {"train": 0})],
)
def test_what_is_measured_on_demand(snakemake, checkout, target, jobs):
    run = snakemake(*DRY, target, cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert jobs.items() <= (dict(train=0) | planned(run.stdout)).items()


def test_the_folder_with_the_images_is_that_of_the_targets_profile(
    snakemake, tmp_path, copy_checkout
):
    checkout = copy_checkout(tmp_path / "checkout")
    paper = checkout / "config" / "paper.yaml"
    text = paper.read_text().replace("data:\n", "data:\n  local_dir: /images of paper\n")
    paper.write_text(text)
    run = snakemake("results/paper/prepare_data/mnist.json", cwd=checkout)
    assert run.returncode != 0
    assert "Error in prepare_data: " in run.stdout and "/images of paper" in run.stdout


def test_an_alias_needs_only_its_figure(snakemake, checkout):
    run = snakemake(*DRY, "fig1", cwd=checkout)
    jobs = planned(run.stdout)
    assert jobs["plot_fig1"] == jobs["summarise_spsp"] == 1
    assert "train" not in jobs


def test_a_target_of_another_profile_needs_no_configfile(snakemake, checkout):
    run = snakemake(*DRY, "results/paper/train/hm2bp/seed3.csv", cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert planned(run.stdout) == dict(prepare_data=1, simulate_spsp=1, fit_spsp=1, train=1)
    assert "results/paper/prepare_data/mnist.json" in run.stdout


def test_a_configfile_gives_the_aliases_their_profile(snakemake, checkout):
    run = snakemake(*DRY, "--configfile", "config/paper.yaml", "--", "claims", cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert "results/paper/judge_claims/claims.csv" in run.stdout
    assert "results/quick" not in run.stdout


@pytest.mark.parametrize(
    ("arguments", "overlay", "words"),
    [
        (["results/paper/train/hm2b/seed1.csv"], "", "There is no arm 'hm2b'"),
        (["results/papr/train/hm2bp/seed1.csv"], "", "There is no profile 'papr'"),
        (["results/paper/train/hm2bp/seed-1.csv"], "", "MissingRuleException"),
        ([], "dat: {n_train: 1}", "dat: there is no such setting"),
        ([], "arms: {strsbp: {table: {file: bad.txt}}}", "bad.txt"),
        ([], "device: cuda", "mine.yaml, device: 'cuda' asks for a GPU, but "),
        (["--config", "profile=paper"], "", "Choose a profile by its file"),
    ],
)
def test_mistakes_end_in_one_sentence(snakemake, checkout, tmp_path, arguments, overlay, words):
    if "cuda" in overlay and obstacle() is None:
        pytest.skip("there is a GPU, so that asking for one is no mistake")
    (tmp_path / "bad.txt").write_text("1 2 3\n")
    if overlay:
        (tmp_path / "mine.yaml").write_text(f"profile: mine\n{overlay}\n")
        arguments = [*arguments, "--configfile", tmp_path / "mine.yaml"]
    run = snakemake(
        *DRY, "--snakefile", checkout / "Snakefile", "--directory", tmp_path, *arguments,
        cwd=checkout,
    )  # fmt: skip
    assert run.returncode != 0
    assert words in run.stdout
    assert "Traceback" not in run.stdout and 'File "' not in run.stdout


def test_a_malformed_claims_file_ends_in_one_sentence(snakemake, tmp_path, copy_checkout):
    checkout = copy_checkout(tmp_path / "checkout")
    (checkout / "resources" / "claims.yaml").write_text("claims: 3\n")
    run = snakemake(*DRY, cwd=checkout)
    assert run.returncode != 0
    assert "claims.yaml" in run.stdout and "Traceback" not in run.stdout


def test_an_overlay_leaves_an_arm_out(snakemake, checkout, tmp_path):
    (tmp_path / "mine.yaml").write_text("profile: mine\narms: {published_shuffle: null}\n")
    run = snakemake(*DRY, "--configfile", tmp_path / "mine.yaml", cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert "train/derived_all/" in run.stdout and "published_shuffle" not in run.stdout


@pytest.fixture(scope="module")
def finished(tmp_path_factory, snakemake, root):
    """A finished tiny study: the function that runs Snakemake there again, and its folder."""
    work = tmp_path_factory.mktemp("run") / "my results ß"
    work.mkdir()
    shutil.copy(root / "tests" / "data" / "tiny.yaml", work)
    # The slowest steps do not depend on the size of the study.
    solved = work / "results" / "tiny" / "solve_spsp"
    shutil.copytree(root / "results" / "paper" / "solve_spsp", solved)
    for path in solved.glob("[!pu]*"):
        path.unlink()

    def run(*arguments, checkout=root):
        return snakemake(
            "--snakefile", checkout / "Snakefile", "--directory", work,
            "--configfile", work / "tiny.yaml", *arguments, cwd=work,
        )  # fmt: skip

    first = run()
    assert first.returncode == 0, first.stdout
    return run, work


def rerun_by_edit(finished, checkout, name, text="\n_EDITED = 1\n"):
    """Rules that run again, from `checkout`, after `text` was added to its file `name`."""
    path = checkout / name
    before = path.read_bytes()
    try:
        path.write_bytes(before + text.encode())
        plan = finished[0](*DRY, checkout=checkout)
        assert plan.returncode == 0, plan.stdout
        return set(planned(plan.stdout))
    finally:
        path.write_bytes(before)


def test_a_tiny_study_runs_to_its_report(finished):
    results = finished[1] / "results" / "tiny"
    assert (results / "report.html").stat().st_size > 50_000
    for figure in FIGURES:
        for suffix in ("png", "svg"):
            assert (results / "figures" / f"{figure.name}.{suffix}").stat().st_size > 1000
    provenance = json.loads((results / "train" / "hm2bp" / "seed2.json").read_text())
    assert (provenance["arm"], provenance["seed"], provenance["profile"]) == ("hm2bp", 2, "tiny")
    assert not list(results.rglob("*.ckpt.npz"))


def test_a_finished_study_is_finished(finished):
    plan = finished[0](*DRY)
    assert "Nothing to be done" in plan.stdout, plan.stdout


def test_another_checkout_reruns_nothing(finished, checkout):
    plan = finished[0](*DRY, checkout=checkout)
    assert "Nothing to be done" in plan.stdout, plan.stdout


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        ("strsbp/engine/forward.py", '\n# edited\n\n"""Edited, too."""\n', set()),
        ("strsbp/study/figures/fig1.py", "\n_EDITED = 1\n", {"plot_fig1", "build_report", "all"}),
        ("resources/questions.yaml", "\n# edited\n", {"judge_questions", "build_report", "all"}),
    ],
)
def test_an_edit_reruns_what_it_affects(finished, checkout, name, text, rules):
    assert rerun_by_edit(finished, checkout, name, text) == rules


def test_another_folder_of_images_reruns_no_step(finished):
    run, work = finished
    (work / "elsewhere.yaml").write_text("data: {local_dir: /elsewhere}\n")
    plan = run(work / "elsewhere.yaml", *DRY)
    assert plan.returncode == 0, plan.stdout
    # Only the report, whose commands name the overlays.
    assert set(planned(plan.stdout)) <= {"build_report", "all"}


def test_copied_results_are_made_current_by_touching_them(finished, snakemake, root, tmp_path):
    """As on a fresh clone: Snakemake remembers nothing, and git sets times in any order."""
    work = finished[1]
    shutil.copytree(work / "results", tmp_path / "results", ignore=shutil.ignore_patterns("*.npz"))
    shutil.copytree(work / "results/tiny/simulate_spsp", tmp_path / "results/tiny/simulate_spsp",
                    dirs_exist_ok=True)  # fmt: skip
    words = ("--snakefile", root / "Snakefile", "--configfile", work / "tiny.yaml")
    touched = snakemake(*words, "--touch", "--forceall", cwd=tmp_path)
    assert touched.returncode == 0, touched.stdout
    again = snakemake(*words, *DRY, cwd=tmp_path)
    assert "Nothing to be done" in again.stdout, again.stdout
    (tmp_path / "change.yaml").write_text("arms: {tau_m_32: {learning_rate: 0.002}}\n")
    changed = snakemake(*words, tmp_path / "change.yaml", *DRY, cwd=tmp_path)
    assert planned(changed.stdout)["train"] == 1


def test_an_edited_engine_reruns_training_but_no_simulation(finished, checkout):
    rules = rerun_by_edit(finished, checkout, "strsbp/engine/forward.py")
    assert {"train", "summarise_training", "judge_claims", "build_report", "plot_fig2"} <= rules
    assert not rules & {"prepare_data", "simulate_spsp", "fit_spsp", "plot_fig1", "plot_fig5"}


def test_a_touched_file_reruns_nothing(finished, checkout):
    os.utime(checkout / "strsbp" / "engine" / "forward.py")
    assert "Nothing to be done" in finished[0](*DRY, checkout=checkout).stdout


@pytest.mark.parametrize(
    ("setting", "expected", "unaffected"),
    [
        ("arms: {tau_m_32: {learning_rate: 0.002}}", {"train": 1}, {"simulate_spsp"}),
        ("arms: {hm2bp: {seeds: [1, 2, 3]}}", {"train": 1}, {"simulate_spsp", "prepare_data"}),
        ("arms: {hm2bp: {epochs: 3}}", {"train": 2}, {"simulate_spsp", "prepare_data"}),
        ("figures: {fig4: {epochs: 1}}", {"plot_fig4": 1}, {"train", "plot_fig2"}),
    ],
)
def test_a_changed_setting_reruns_what_it_affects(finished, setting, expected, unaffected):
    run, work = finished
    (work / "change.yaml").write_text(setting + "\n")
    plan = run(work / "change.yaml", *DRY)
    assert plan.returncode == 0, plan.stdout
    jobs = planned(plan.stdout)
    assert expected.items() <= jobs.items()
    assert not unaffected & set(jobs)


def test_snakemakes_own_report_has_figures_and_claims(finished):
    run, work = finished
    report = run("--report", work / "snakemake-report.html")
    assert report.returncode == 0, report.stdout
    html = (work / "snakemake-report.html").read_text(encoding="utf-8")
    for name in ("fig1.svg", "fig7b.svg", "claims.csv"):
        assert name in html


def test_a_failing_job_shows_one_sentence_and_logs_the_traceback(finished):
    run, work = finished
    (work / "broken.txt").write_text("1 2 3 4 5\n")
    (work / "broken.yaml").write_text("arms: {tau_m_32: {table: {file: broken.txt}}}\n")
    target = "results/tiny/train/tau_m_32/seed9.csv"
    (work / "results" / "tiny" / "train" / "tau_m_32" / "seed9.ckpt.npz").write_bytes(b"PK not one")
    failed = run(work / "broken.yaml", "--", target)
    assert failed.returncode != 0
    assert "Error in train: " in failed.stdout and "seed9.ckpt.npz" in failed.stdout
    assert "Traceback" not in failed.stdout
    assert "Traceback" in (work / "logs" / "tiny" / "train" / "tau_m_32" / "seed9.log").read_text()
    assert not (work / target).exists()
