"""A tiny study, run to its end as a user runs it, and what a change of it would run again."""

import json
import os
import shutil

import pytest
from plans import DRY, planned

from strsbp.study.figures.catalogue import FIGURES


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
            "--snakefile", checkout / "workflow" / "Snakefile", "--directory", work,
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


@pytest.mark.slow
def test_copied_results_are_made_current_by_touching_them(finished, snakemake, root, tmp_path):
    """As on a fresh clone: Snakemake remembers nothing, and git sets times in any order."""
    work = finished[1]
    shutil.copytree(work / "results", tmp_path / "results", ignore=shutil.ignore_patterns("*.npz"))
    shutil.copytree(work / "results/tiny/simulate_spsp", tmp_path / "results/tiny/simulate_spsp",
                    dirs_exist_ok=True)  # fmt: skip
    words = ("--snakefile", root / "workflow" / "Snakefile", "--configfile", work / "tiny.yaml")
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
