"""The results in the repository: runs of the present settings, and tables that follow from them."""

import json
import os
from pathlib import Path

import pytest

from strsbp.settings import ArmSettings, LayerSettings, SimulatedTable, file_sha256
from strsbp.study.experiments import OPEN_QUESTIONS
from strsbp.study.loading import load_profile

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "results" / "paper"
STUDY = load_profile(ROOT / "config", "paper")
RUNS = {path: json.loads(path.read_text()) for path in sorted(PAPER.glob("train/*/seed*.json"))}
TRAINING = PAPER / "summarise_training"
SPSPS = ("published", "corrected", "unblocked")
EXPECTED = ("published", "unblocked", "corrected", "exact")


def test_every_run_that_the_config_asks_for_is_there():
    wanted = [ROOT / run for suffix in ("csv", "json") for run in STUDY.runs(suffix=suffix)]
    assert wanted and [path for path in wanted if not path.is_file()] == []


def settings_of(run):
    """The settings of a run that shape its numbers; keys from after the run take defaults."""
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
        hashes.setdefault(data.pop("sha256"), set()).add(tuple(data.values()))
    described = [data for found in hashes.values() for data in found]
    assert len(described) == len(set(described)) == len(hashes)


def summarise_training(out):
    from strsbp.study.summary import summarise_training

    names = ("curves", "seeds", "arms", "pairs", "runs")
    files = [[ROOT / run for run in STUDY.runs(suffix=suffix)] for suffix in ("csv", "json")]
    summarise_training(*files, **{name: out / f"{name}.csv" for name in names})
    return {f"summarise_training/{name}.csv": out / f"{name}.csv" for name in names}


def extrapolate_errors(out):
    from strsbp.study.summary.extrapolation import extrapolate_errors

    tables = {name: TRAINING / f"{name}.csv" for name in ("curves", "arms")}
    extrapolate_errors(**tables, out=out / "fits.csv")
    return {"extrapolate_errors/fits.csv": out / "fits.csv"}


def summarise_divergence(out):
    from strsbp.study.experiments.divergence.summarise import summarise_divergence

    own, other = STUDY.figures.divergence.panels.values()
    summarise_divergence(
        runs=TRAINING / "runs.csv", pairs=TRAINING / "pairs.csv", own=own, other=other,
        at_epoch=STUDY.figures.divergence.epochs, out=out / "summary.csv",
    )  # fmt: skip
    return {"divergence/summary.csv": out / "summary.csv"}


def fit_spsp(out):
    from strsbp.spsp import fit_surface, load_surface, write_table

    found = {}
    for path in PAPER.glob("fit_spsp/*.txt"):
        surface = load_surface(PAPER / "simulate_spsp" / f"{path.stem}.npz")
        write_table(fit_surface(surface), out / path.name)
        found[f"fit_spsp/{path.name}"] = out / path.name
    return found


def fit_curve(out):
    from strsbp.spsp import load_surface, write_separable
    from strsbp.spsp.curves import read_curve
    from strsbp.spsp.fits import exact, fit_curve

    found = {}
    for path in PAPER.glob("fit_curve/*.csv"):
        key, _, fit = path.stem.rpartition("-")
        table = SimulatedTable.from_key(key)
        if fit == "exact":
            curve = read_curve(table, PAPER / "solve_spsp" / f"{key}.csv")
            fitted = exact(curve, table.n_steps + 1)
        else:
            surface = load_surface(PAPER / "simulate_spsp" / f"{key}.npz")
            fitted = fit_curve(surface, fit, table.n_steps + 1)
        write_separable(fitted, out / path.name)
        found[f"fit_curve/{path.name}"] = out / path.name
    return found


def summarise_spsp(out):
    from strsbp.study.summary.spsp import summarise_spsp

    tables = [f"{spsp}-m64-s8-r2-t400-g{grid}" for spsp in SPSPS for grid in (50, 100)]
    names = ("surfaces", "quality", "author_tables")
    summarise_spsp(
        [PAPER / "simulate_spsp" / f"{table}.npz" for table in tables],
        [PAPER / "fit_spsp" / f"{table}.txt" for table in tables],
        author_comparison=ROOT / "resources" / "author_tables_comparison.csv",
        surfaces_csv=out / "surfaces.csv",
        quality_csv=out / "quality.csv",
        author_csv=out / "author_tables.csv",
    )
    return {f"summarise_spsp/{name}.csv": out / f"{name}.csv" for name in names}


def summarise_expectation(out):
    from strsbp.spsp import load_surface
    from strsbp.spsp.curves import read_curve
    from strsbp.study.experiments.expectation.summarise import summarise_expectation

    tables = [f"{spsp}-m64-s8-r2-t400-g100" for spsp in EXPECTED]
    summarise_expectation(
        [load_surface(PAPER / "simulate_spsp" / f"{table}.npz") for table in tables[:3]],
        [
            read_curve(SimulatedTable.from_key(table), PAPER / "solve_spsp" / f"{table}.csv")
            for table in tables
        ],
        table=out / "summary.csv",
        drawn=out / "curves.csv",
    )
    return {f"expectation/{name}.csv": out / f"{name}.csv" for name in ("summary", "curves")}


def judge_claims(out):
    from strsbp.study.claims import judge_claims

    tables = {name: TRAINING / f"{name}.csv" for name in ("arms", "pairs", "runs")}
    tables |= {name: PAPER / "summarise_spsp" / f"{name}.csv" for name in ("surfaces", "quality")}
    claims = ROOT / "resources" / "claims.yaml"
    judge_claims(claims=claims, tables=tables, out=out / "claims.csv")
    return {"judge_claims/claims.csv": out / "claims.csv"}


def judge_findings(out):
    from strsbp.study.claims.findings import judge_findings

    tables = {name: TRAINING / f"{name}.csv" for name in ("arms", "pairs", "runs")}
    tables |= {name: PAPER / "gradients" / f"{name}.csv" for name in ("gradients", "denominators")}
    tables |= {"quality": PAPER / "summarise_spsp" / "quality.csv"}
    tables |= {"measured": PAPER / "findings" / "measurements.csv"}
    findings = ROOT / "resources" / "findings.yaml"
    judge_findings(findings=findings, tables=tables, out=out / "verdicts.csv")
    return {"judge_findings/verdicts.csv": out / "verdicts.csv"}


def judge_questions(out):
    from strsbp.study.claims.questions import judge_questions

    tables = {name: TRAINING / f"{name}.csv" for name in ("arms", "pairs", "runs")}
    tables |= {name: PAPER / name / "summary.csv" for name in OPEN_QUESTIONS}
    questions = ROOT / "resources" / "questions.yaml"
    judge_questions(questions=questions, tables=tables, out=out / "answers.csv")
    return {"judge_questions/answers.csv": out / "answers.csv"}


def summarise_fits(out):
    from strsbp.spsp import load_surface
    from strsbp.spsp.curves import read_curve
    from strsbp.study.experiments.fits.summarise import summarise_fits

    seeds = STUDY.fits.shared_seeds(STUDY.all_arms)
    key = "published-m64-s8-r2-t400-g{}"
    summarise_fits(
        {name: STUDY.arm(name) for name in STUDY.fits.arms},
        {
            name: [PAPER / "train" / name / f"seed{seed}.csv" for seed in seeds]
            for name in STUDY.fits.arms
        },
        [load_surface(PAPER / "simulate_spsp" / f"{key.format(grid)}.npz") for grid in (50, 100)],
        read_curve(
            SimulatedTable.from_key(key.format(110)),
            PAPER / "solve_spsp" / f"{key.format(110)}.csv",
        ),
        epochs=STUDY.fits.epochs,
        out=out / "summary.csv",
    )
    return {"fits/summary.csv": out / "summary.csv"}


def summarise_gradient_check(out):
    from strsbp.study.experiments.gradient_check.summarise import summarise_gradient_check

    settings = STUDY.gradient_check
    summarise_gradient_check(
        {
            state: {
                name: PAPER / "gradient_check" / "measure" / state / f"{name}.csv"
                for name in ("projections", "times")
            }
            for state in settings.states_by_epochs
        },
        settings.titles(STUDY.all_arms),
        settings.seed,
        out=out / "summary.csv",
    )
    return {"gradient_check/summary.csv": out / "summary.csv"}


def summarise_sweep(out):
    from strsbp.study.experiments.sweep.summarise import summarise_sweep

    cells = {
        key: PAPER / "sweep" / "measure" / f"{key}.csv"
        for key in STUDY.sweep.cell_keys(STUDY.all_arms)
    }
    summarise_sweep(
        cells, settings=STUDY.sweep, arm=STUDY.arm(STUDY.sweep.arm), out=out / "summary.csv"
    )
    return {"sweep/summary.csv": out / "summary.csv"}


def summarise_early_decision(out):
    from strsbp.study.experiments.early_decision.summarise import summarise_early_decision

    folder = PAPER / "early_decision" / "measure"
    seeds = [folder / f"seed{seed}.csv" for seed in STUDY.early_decision.seeds]
    summarise_early_decision(seeds, out=out / "summary.csv")
    return {"early_decision/summary.csv": out / "summary.csv"}


def summarise_bptt(out):
    from strsbp.study.experiments.bptt.settings import compared_files, compared_network
    from strsbp.study.experiments.bptt.summarise import summarise_bptt

    files = {
        name: [ROOT / file for file in found] for name, found in compared_files(STUDY, True).items()
    }
    summarise_bptt(
        **{
            method: list(zip(files[method], files[f"{method}_provenance"], strict=True))
            for method in ("strsbp", "hm2bp", "bptt")
        },
        settings=STUDY.bptt.of_run(),
        network=compared_network(STUDY),
        out=out / "summary.csv",
    )
    return {"bptt/summary.csv": out / "summary.csv"}


def measure_findings(out):
    from strsbp.study.experiments.findings.measure import measure_findings

    measure_findings(out=out / "measurements.csv", **STUDY.simulation.model_dump())
    return {"findings/measurements.csv": out / "measurements.csv"}


def trace_spsp(out):
    from strsbp.spsp import trace_pair, write_trace

    write_trace(trace_pair(seed=STUDY.simulation.seed), out / "trace.csv")
    return {"trace_spsp/trace.csv": out / "trace.csv"}


@pytest.mark.parametrize(
    "make",
    [
        summarise_training, extrapolate_errors, summarise_divergence, fit_spsp, fit_curve,
        summarise_spsp, summarise_fits, summarise_sweep,
        summarise_early_decision, summarise_bptt, trace_spsp, judge_claims, judge_findings,
        judge_questions,
        pytest.param(summarise_gradient_check, marks=pytest.mark.slow),
        pytest.param(summarise_expectation, marks=pytest.mark.slow),
        pytest.param(measure_findings, marks=pytest.mark.slow),
    ],
    ids=lambda make: make.__name__,
)  # fmt: skip
def test_tables_follow_from_what_they_are_made_of(make, tmp_path):
    made = make(tmp_path)
    assert made
    for name, path in made.items():
        assert path.read_bytes() == (PAPER / name).read_bytes(), name


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({run["arm"] for run in RUNS.values()}))
def test_the_first_epoch_trained_again_is_the_committed_one(name):
    from strsbp.data import load_dataset
    from strsbp.network import build_network
    from strsbp.spsp.table import read_table
    from strsbp.training.epochs import TrainingState, train_epoch
    from strsbp.training.run import metrics_csv

    if "STRSBP_DATA_DIR" not in os.environ:
        pytest.skip("STRSBP_DATA_DIR names no folder with the images")
    path, run = next((path, run) for path, run in RUNS.items() if run["arm"] == name)
    arm = STUDY.arm(name)
    digits = load_dataset(arm.dataset).first(arm.n_train, arm.n_test)
    assert digits.sha256() == run["data"]["sha256"]
    layers, table = STUDY.architectures[arm.architecture], read_table(arm.table_path(PAPER))
    network = build_network(arm, layers, table, run["seed"], digits.train_images.shape[1])
    lines = path.with_suffix(".csv").read_text().splitlines()[:2]
    assert metrics_csv([train_epoch(TrainingState.start(network, digits))]).splitlines() == lines
