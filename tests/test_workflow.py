"""A tiny study, run to its end as a user runs it, and what a change to it would run again."""

import json
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
    # The slowest steps do not depend on the size of the study; those of open questions need them.
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


def plan_after_edits(finished, checkout, texts):
    """The plan from `checkout` after each of `texts` was added to the file that it names."""
    before = {path: (checkout / path).read_bytes() for path in texts}
    try:
        for path, text in texts.items():
            (checkout / path).write_bytes(before[path] + text.encode())
        plan = finished[0](*DRY, checkout=checkout)
        assert plan.returncode == 0, plan.stdout
        return plan.stdout
    finally:
        for path, content in before.items():
            (checkout / path).write_bytes(content)


def check_report(results, figures):
    """The report and these figures are there, and no checkpoint."""
    assert (results / "report.html").stat().st_size > 50_000
    for figure in figures:
        for suffix in ("png", "svg"):
            assert (results / "figures" / f"{figure.name}.{suffix}").stat().st_size > 1000
    assert not list(results.rglob("*.ckpt.npz"))


def test_a_tiny_study_runs_to_its_report(finished):
    results = finished[1] / "results" / "tiny"
    check_report(results, [figure for figure in FIGURES if figure.category == "Figures"])
    provenance = json.loads((results / "train" / "hm2bp" / "seed1.json").read_text())
    assert (provenance["arm"], provenance["seed"], provenance["profile"]) == ("hm2bp", 1, "tiny")


def test_another_checkout_with_another_comment_reruns_nothing(finished, checkout):
    comment = {"strsbp/engine/forward.py": '\n# edited\n\n"""Edited, too."""\n'}
    (checkout / "workflow" / "scripts" / "call.py").touch()  # as all files of a fresh clone
    assert "Nothing to be done" in plan_after_edits(finished, checkout, comment)


def test_an_edit_reruns_what_it_affects(finished, checkout):
    figure, claims = "strsbp/study/figures/fig1.py", "resources/claims.yaml"
    plan = plan_after_edits(finished, checkout, {figure: "\n_E = 1\n", claims: "\n# edited\n"})
    assert {"plot_fig1", "judge_claims", "build_report"} <= set(planned(plan))
    assert not {"train", "simulate_spsp", "plot_fig5", "judge_findings"} & set(planned(plan))


def test_an_edited_engine_reruns_training_but_no_simulation(finished, checkout):
    plan = plan_after_edits(finished, checkout, {"strsbp/engine/forward.py": "\n_E = 1\n"})
    rules = set(planned(plan))
    assert {"train", "summarise_training", "judge_claims", "build_report", "plot_fig2"} <= rules
    assert not rules & {"prepare_data", "simulate_spsp", "fit_spsp", "plot_fig1", "plot_fig5"}


def test_another_folder_of_images_reruns_no_step(finished):
    run, work = finished
    (work / "elsewhere.yaml").write_text("data: {local_dir: /elsewhere}\n")
    plan = run(work / "elsewhere.yaml", *DRY)
    assert plan.returncode == 0, plan.stdout
    # Only the report, whose commands name the overlays.
    assert set(planned(plan.stdout)) <= {"build_report", "all"}


def test_changed_settings_rerun_what_they_affect(finished):
    run, work = finished
    (work / "change.yaml").write_text(
        "arms: {tau_m_32: {learning_rate: 0.002}, hm2bp: {seeds: [1, 2]}}\n"
        "figures: {fig4: {epochs: 1}}\n"
    )
    jobs = planned(run(work / "change.yaml", *DRY).stdout)
    assert jobs["train"] == 2 and jobs["plot_fig4"] == 1
    assert not {"simulate_spsp", "prepare_data", "plot_fig1"} & set(jobs)


@pytest.mark.slow
def test_open_questions_are_answered_too(finished, tmp_path):
    run, work = finished
    (tmp_path / "open.yaml").write_text("open_questions: true\n")
    done = run(tmp_path / "open.yaml")
    assert done.returncode == 0, done.stdout
    check_report(work / "results" / "tiny", FIGURES)


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
    (work / "results" / "tiny" / "train" / "tau_m_32" / "seed9.ckpt.npz").unlink()
    assert not (work / target).exists()
