"""What the workflow would run, and which mistakes it reports before it runs anything."""

import pytest
from plans import DRY, planned

from strsbp.cuda.device import obstacle
from strsbp.study.figures.catalogue import FIGURES


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
    assert jobs["measure_sweep"] == 52 and jobs["measure_regularisation"] == 24
    assert jobs["judge_questions"] == 1
    assert {f"plot_{figure.name}" for figure in FIGURES} <= set(jobs)
    assert "results/quick" not in run.stdout


def test_snakemake_reads_the_slurm_profile(snakemake, checkout):
    """Every key is an option; this needs the executor's plugin, but no cluster."""
    pytest.importorskip("snakemake_executor_plugin_slurm")
    profile = "workflow/profiles/slurm"
    run = snakemake(*DRY, "--workflow-profile", profile, "--", "fig1", cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert planned(run.stdout)["plot_fig1"] == 1


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


def test_a_figure_and_a_run_of_another_profile_need_only_what_they_need(snakemake, checkout):
    run = snakemake(*DRY, "fig1", "results/paper/train/hm2bp/seed3.csv", cwd=checkout)
    assert run.returncode == 0, run.stdout
    jobs = planned(run.stdout)
    assert jobs["plot_fig1"] == jobs["summarise_spsp"] == jobs["train"] == 1
    assert jobs["prepare_data"] == 1 and "results/paper/prepare_data/mnist.json" in run.stdout


def test_a_configfile_gives_the_aliases_their_profile(snakemake, checkout):
    run = snakemake(*DRY, "--configfile", "config/paper.yaml", "--", "claims", cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert "results/paper/judge_claims/claims.csv" in run.stdout
    assert "results/quick" not in run.stdout


@pytest.mark.parametrize(
    ("arguments", "overlay", "words"),
    [
        (["results/paper/train/hm2b/seed1.csv"], "", "There is no arm 'hm2b'"),
        ([], "dat: {n_train: 1}", "dat: there is no such setting"),
        ([], "device: cuda", "mine.yaml, device: 'cuda' asks for a GPU, but "),
        (["results/x/solve_spsp/exact-m64-s8-r2-t400-g100.csv"], "", "There is no profile 'x'"),
        (["--config", "profile=paper"], "", "Choose a profile by its file"),
    ],
)
def test_mistakes_end_in_one_sentence(snakemake, checkout, tmp_path, arguments, overlay, words):
    if "cuda" in overlay and obstacle() is None:
        pytest.skip("there is a GPU, so that asking for one is no mistake")
    if overlay:
        (tmp_path / "mine.yaml").write_text(f"profile: mine\n{overlay}\n")
        arguments = [*arguments, "--configfile", tmp_path / "mine.yaml"]
    run = snakemake(
        *DRY, "--snakefile", checkout / "workflow" / "Snakefile", "--directory", tmp_path,
        *arguments, cwd=checkout,
    )  # fmt: skip
    assert run.returncode != 0
    assert words in run.stdout
    assert "Traceback" not in run.stdout and 'File "' not in run.stdout


def test_a_bare_call_uses_the_default_profile(snakemake, checkout):
    run = snakemake(*DRY, "--configfile", "config/paper.yaml", "fig4", cwd=checkout)
    assert run.returncode != 0
    assert "profiles/default" in run.stdout and "'fig4' is not a config file" in run.stdout


def test_an_overlay_leaves_an_arm_out(snakemake, checkout, tmp_path):
    (tmp_path / "mine.yaml").write_text("profile: mine\narms: {published_shuffle: null}\n")
    run = snakemake(*DRY, "--configfile", tmp_path / "mine.yaml", cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert "train/derived_all/" in run.stdout and "published_shuffle" not in run.stdout
