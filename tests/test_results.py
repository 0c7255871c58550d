"""The results in the repository: runs of the present settings, and tables that follow from them."""

import json
import os
import re

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from strsbp.data import load_dataset
from strsbp.files import file_sha256
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings, SimulatedTable
from strsbp.spsp import fits, trace
from strsbp.spsp.exact import read_curve
from strsbp.spsp.simulate import load_surface
from strsbp.spsp.table import read_table, write_table
from strsbp.study.claims import judging
from strsbp.study.claims.entries import published_value
from strsbp.study.experiments import OPEN_QUESTIONS
from strsbp.study.experiments.ablation.summarise import summarise_ablation as compare_readings
from strsbp.study.experiments.activation import summarise as activation
from strsbp.study.experiments.bptt import summarise as bptt
from strsbp.study.experiments.bptt.settings import compared_files, compared_network
from strsbp.study.experiments.corrections.summarise import (
    summarise_corrections as compare_corrections,
)
from strsbp.study.experiments.divergence import summarise as divergence
from strsbp.study.experiments.early_decision import summarise as early_decision
from strsbp.study.experiments.expectation import summarise as expectation
from strsbp.study.experiments.findings import measure
from strsbp.study.experiments.fits import summarise as ranking
from strsbp.study.experiments.gradient_check import summarise as gradient_check
from strsbp.study.experiments.gradient_flow.summarise import (
    summarise_gradient_flow as average_norms,
)
from strsbp.study.experiments.published_logs import summarise as published_logs
from strsbp.study.experiments.regularisation import summarise as regularisation
from strsbp.study.experiments.sweep import summarise as sweep
from strsbp.study.loading import load_profile
from strsbp.study.summary import spsp, training
from strsbp.training.epochs import TrainingState, train_epoch
from strsbp.training.run import metrics_csv

PAPER = ROOT / "results" / "paper"
STUDY = load_profile(ROOT / "config", "paper")
RUNS = {path: json.loads(path.read_text()) for path in sorted(PAPER.glob("train/*/seed*.json"))}
TRAINING = PAPER / "summarise_training"
OF_TRAINING = {name: TRAINING / f"{name}.csv" for name in ("arms", "pairs", "runs")}
SPSPS = ("published", "corrected", "unblocked")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
EXPECTED = ("published", "unblocked", "corrected", "exact")


def test_every_run_that_the_config_asks_for_is_there():
    wanted = [ROOT / run for suffix in ("csv", "json") for run in STUDY.runs(suffix=suffix)]
    assert wanted and [path for path in wanted if not path.is_file()] == []


def test_the_lengthened_error_has_the_mean_gain_that_was_measured():
    cell = pd.read_csv(PAPER / "regularisation" / "measure" / "strsbp-10-divided.csv")
    measured = cell[cell["seed"] <= 3].filter(like="mean_gain_").mean().tolist()
    assert STUDY.arm("lengthened_hm2bp").error_gain == pytest.approx(measured, abs=6e-4)


def settings_of(run):
    """The settings of a run that shape its numbers; settings added later take defaults."""
    return ArmSettings.model_validate(run["settings"]).model_dump(exclude={"title", "seeds"})


@pytest.mark.parametrize("name", sorted({run["arm"] for run in RUNS.values()}))
def test_runs_are_of_the_present_settings_and_table(name):
    arm = STUDY.arm(name)
    layers = STUDY.architectures[arm.architecture]
    for path in sorted((PAPER / "train" / name).glob("seed*.json")):
        run = RUNS[path]
        assert (run["arm"], f"seed{run['seed']}") == (name, path.stem)
        assert run["seed"] in arm.seeds
        wanted = arm.model_dump(exclude={"title", "seeds"})
        if name not in STUDY.arms:  # long runs are kept as far as they have come
            wanted["epochs"] = min(run["settings"]["epochs"], arm.epochs)
        assert settings_of(run) == wanted, path
        assert [LayerSettings.model_validate(one) for one in run["architecture"]] == layers, path
        assert run["table"]["sha256"] == file_sha256(arm.table_path(PAPER)), path
        data = {key: run["data"][key] for key in ("dataset", "n_train", "n_test")}
        assert data == arm.model_dump(include=set(data)), path


def test_runs_on_the_same_images_name_the_same_hash():
    hashes = {}
    for run in RUNS.values():
        data = dict(run["data"])
        n_validation = run["settings"].get("n_validation", 0)
        hashes.setdefault(data.pop("sha256"), set()).add((*data.values(), n_validation))
    described = [data for found in hashes.values() for data in found]
    assert len(described) == len(set(described)) == len(hashes)


def simulated(key):
    return load_surface(PAPER / "simulate_spsp" / f"{key}.npz")


def solved(key):
    return read_curve(SimulatedTable.from_key(key), PAPER / "solve_spsp" / f"{key}.csv")


# Each of these makes tables anew in a folder `out` that is laid out as results/paper is.


def summarise_training(out):
    metrics = [ROOT / run for run in STUDY.summarised_runs(folder=ROOT)]
    names = ("curves", "seeds", "arms", "pairs", "runs")
    tables = {name: out / "summarise_training" / f"{name}.csv" for name in names}
    titles = {name: arm.title for name, arm in STUDY.all_arms.items()}
    training.summarise_training(metrics, titles, **tables)


def summarise_divergence(out):
    divergence.summarise_divergence(
        runs=TRAINING / "runs.csv", pairs=TRAINING / "pairs.csv", panels=STUDY.divergence.panels,
        at_epoch=STUDY.divergence.epochs, out=out / "divergence" / "summary.csv",
    )  # fmt: skip


def fit_spsp(out):
    for path in PAPER.glob("fit_spsp/*.txt"):
        write_table(fits.fit_surface(simulated(path.stem)), out / "fit_spsp" / path.name)


def fit_curve(out):
    for path in PAPER.glob("fit_curve/*.csv"):
        key, _, fit = path.stem.rpartition("-")
        n_counts = SimulatedTable.from_key(key).n_steps + 1
        if fit == "exact":
            fitted = fits.exact(solved(key), n_counts)
        else:
            fitted = fits.fit_curve(simulated(key), fit, n_counts)
        write_table(fitted, out / "fit_curve" / path.name)


def summarise_spsp(out):
    keys = [f"{kind}-m64-s8-r2-t400-g{grid}" for kind in SPSPS for grid in (50, 100)]
    spsp.summarise_spsp(
        [PAPER / "simulate_spsp" / f"{key}.npz" for key in keys],
        [PAPER / "fit_spsp" / f"{key}.txt" for key in keys],
        PAPER / "trace_spsp" / "trace.csv",
        surfaces_csv=out / "summarise_spsp" / "surfaces.csv",
        quality_csv=out / "summarise_spsp" / "quality.csv",
    )


def summarise_expectation(out):
    keys = [f"{kind}-m64-s8-r2-t400-g100" for kind in EXPECTED]
    expectation.summarise_expectation(
        [PAPER / "simulate_spsp" / f"{key}.npz" for key in keys[:3]],
        [PAPER / "solve_spsp" / f"{key}.csv" for key in keys],
        table=out / "expectation" / "summary.csv", drawn=out / "expectation" / "curves.csv",
    )  # fmt: skip


def judge_claims(out):
    names = ("surfaces", "quality")
    tables = OF_TRAINING | {name: PAPER / "summarise_spsp" / f"{name}.csv" for name in names}
    tables["denominators"] = PAPER / "gradients" / "denominators.csv"
    for name in ("activation", "corrections", "bptt", "fits", "gradient_flow", "sweep"):
        tables[name] = PAPER / name / "summary.csv"
    judging.judge_claims(
        claims=ROOT / "resources" / "claims.yaml", tables=tables,
        variants=STUDY.judged_variants, out=out / "judge_claims" / "claims.csv",
        settings_out=out / "judge_claims" / "settings.csv",
    )  # fmt: skip


def tables_of_findings():
    names = ("gradients", "denominators")
    tables = OF_TRAINING | {name: PAPER / "gradients" / f"{name}.csv" for name in names}
    tables |= {"quality": PAPER / "summarise_spsp" / "quality.csv"}
    tables |= {"measured": PAPER / "findings" / "measurements.csv"}
    return tables | {
        name: PAPER / name / "summary.csv" for name in ("regularisation", "published_logs")
    }


def judge_findings(out):
    file, path = ROOT / "resources" / "findings.yaml", out / "judge_findings" / "verdicts.csv"
    judging.judge_findings(findings=file, tables=tables_of_findings(), out=path)


def judge_questions(out):
    names = "activation", *OPEN_QUESTIONS
    tables = OF_TRAINING | {name: PAPER / name / "summary.csv" for name in names}
    file, path = ROOT / "resources" / "questions.yaml", out / "judge_questions" / "answers.csv"
    judging.judge_questions(questions=file, tables=tables, out=path, study=STUDY)


def summarise_ablation(out):
    compare_readings(
        seeds=TRAINING / "seeds.csv", arms=TRAINING / "arms.csv",
        published=published_value(ROOT / "resources/claims.yaml", "strsbp_better_after_10"),
        out=out / "ablation" / "summary.csv", **STUDY.ablation.model_dump(),
    )  # fmt: skip


def summarise_corrections(out):
    compare_corrections(
        *(PAPER / "simulate_spsp" / f"corrected-m64-s8-r2-t{n_steps}-g100.npz"
          for n_steps in (400, 200)),
        seed=STUDY.simulation.seed, out=out / "corrections" / "summary.csv",
    )  # fmt: skip


def summarise_gradient_flow(out):
    folder = "gradient_flow"
    average_norms(PAPER / folder / "norms.csv", out=out / folder / "summary.csv")


def summarise_fits(out):
    seeds, names = STUDY.fits.shared_seeds(STUDY.all_arms), STUDY.fits.arms
    key = "published-m64-s8-r2-t400-g{}"
    ranking.summarise_fits(
        {name: STUDY.arm(name) for name in names},
        [PAPER / "train" / name / f"seed{seed}.csv" for name in names for seed in seeds],
        [PAPER / "simulate_spsp" / f"{key.format(grid)}.npz" for grid in (50, 100)],
        PAPER / "solve_spsp" / f"{key.format(110)}.csv",
        epochs=STUDY.fits.epochs, out=out / "fits" / "summary.csv",
    )  # fmt: skip


def summarise_gradient_check(out):
    settings, folder = STUDY.gradient_check, PAPER / "gradient_check" / "measure"
    names = ("projections", "times")
    gradient_check.summarise_gradient_check(
        *([folder / state / f"{name}.csv" for state in settings.states_by_epochs]
          for name in names),
        settings.titles(STUDY.all_arms), settings.seed, out=out / "gradient_check" / "summary.csv",
    )  # fmt: skip


def summarise_sweep(out):
    arms = {name: STUDY.arm(name) for name in STUDY.sweep.arms}
    cells = [
        PAPER / "sweep" / name / "measure" / f"{cell}.csv"
        for name, arm in arms.items()
        for cell in STUDY.sweep.cells(arm)
    ]
    path = out / "sweep" / "summary.csv"
    sweep.summarise_sweep(cells, settings=STUDY.sweep, arms=arms, out=path)


def summarise_early_decision(out):
    folder = PAPER / "early_decision" / "measure"
    seeds = [folder / f"seed{seed}.csv" for seed in STUDY.early_decision.seeds]
    early_decision.summarise_early_decision(seeds, out=out / "early_decision" / "summary.csv")


def summarise_activation(out):
    settings, folder = STUDY.activation, PAPER / "activation" / "measure"
    files = [folder / arm / f"seed{n}.csv" for arm in settings.arms for n in settings.seeds]
    activation.summarise_activation(files, out=out / "activation" / "summary.csv")


def summarise_bptt(out):
    files = {
        name: [ROOT / file for file in found] for name, found in compared_files(STUDY, True).items()
    }
    network, settings = compared_network(STUDY), STUDY.bptt.of_run
    path = out / "bptt" / "summary.csv"
    bptt.summarise_bptt(**files, settings=settings, network=network, out=path)


def measure_findings(out):
    path = out / "findings" / "measurements.csv"
    measure.measure_findings(out=path)


def summarise_regularisation(out):
    arms = {name: STUDY.arm(name) for name in STUDY.regularisation.arms}
    cells = [
        PAPER / "regularisation" / "measure" / f"{cell}.csv"
        for cell in STUDY.regularisation.cells(arms)
    ]
    path = out / "regularisation" / "summary.csv"
    regularisation.summarise_regularisation(
        cells, settings=STUDY.regularisation, arms=arms, out=path
    )


def summarise_published_logs(out):
    names = STUDY.published_logs.arm_names()
    metrics = [ROOT / path for path in STUDY.runs(names)]
    published_logs.summarise_published_logs(
        metrics, STUDY.published_logs.compared,
        logs=ROOT / "resources" / "published_logs.csv",
        curves=out / "published_logs" / "curves.csv", out=out / "published_logs" / "summary.csv",
    )  # fmt: skip


def trace_spsp(out):
    trace.trace_spsp(seed=STUDY.simulation.seed, trace=out / "trace_spsp" / "trace.csv")


@pytest.mark.parametrize(
    "make",
    [
        summarise_training, summarise_divergence, fit_spsp, fit_curve,
        summarise_spsp, summarise_fits, summarise_sweep, summarise_early_decision, summarise_bptt,
        summarise_activation, summarise_ablation, summarise_corrections, summarise_gradient_flow,
        summarise_regularisation, summarise_published_logs, trace_spsp,
        judge_claims, judge_findings, judge_questions,
        pytest.param(summarise_gradient_check, marks=pytest.mark.slow),
        pytest.param(summarise_expectation, marks=pytest.mark.slow),
        pytest.param(measure_findings, marks=pytest.mark.slow),
    ],
    ids=lambda make: make.__name__,
)  # fmt: skip
def test_tables_follow_from_what_they_are_made_of(make, tmp_path):
    """But for the last digits, in which processors differ."""
    make(tmp_path)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert made
    for path in made:
        name = path.relative_to(tmp_path)
        texts = path.read_text(), (PAPER / name).read_text()
        assert len({NUMBER.sub("", text) for text in texts}) == 1, name
        found, committed = (np.array(NUMBER.findall(text), dtype=float) for text in texts)
        np.testing.assert_allclose(found, committed, rtol=1e-6, err_msg=str(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({run["arm"] for run in RUNS.values()}))
def test_the_first_epoch_trained_again_is_the_committed_one(name):
    if "STRSBP_DATA_DIR" not in os.environ:
        pytest.skip("STRSBP_DATA_DIR names no folder with the images")
    path, run = next((path, run) for path, run in RUNS.items() if run["arm"] == name)
    arm = STUDY.arm(name)
    digits = load_dataset(arm.dataset).first(arm.n_train, arm.n_test, arm.n_validation)
    assert digits.sha256() == run["data"]["sha256"]
    layers, table = STUDY.architectures[arm.architecture], read_table(arm.table_path(PAPER))
    network = build_network(arm, layers, table, run["seed"], digits.train_images.shape[1])
    lines = path.with_suffix(".csv").read_text().splitlines()[:2]
    assert metrics_csv([train_epoch(TrainingState.start(network, digits))]).splitlines() == lines
