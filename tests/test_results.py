"""The results in the repository: runs of the present settings, and tables that follow from them."""

import json
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from plans import planned

from strsbp.data import load_dataset
from strsbp.files import file_sha256
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings, SimulatedTable
from strsbp.spsp import fits
from strsbp.spsp.exact import read_curve
from strsbp.spsp.simulate import load_surface
from strsbp.spsp.table import read_table, write_table
from strsbp.study.loading import load_profile
from strsbp.training.epochs import TrainingState, train_epoch
from strsbp.training.run import metrics_csv

PAPER = ROOT / "results" / "paper"
STUDY = load_profile(ROOT / "config", "paper")
RUNS = {path: json.loads(path.read_text()) for path in sorted(PAPER.glob("train/*/seed*.json"))}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
MADE = {f"summarise_{path.parent.name}": path for path in PAPER.glob("*/summary.csv")}
MADE |= {
    path.parent.name: path
    for kind in ("judge", "summarise", "trace")
    for path in PAPER.glob(f"{kind}_*/*.csv")
}
MADE["measure_findings"] = PAPER / "findings" / "measurements.csv"
MADE["summarise_gradients"] = PAPER / "gradients" / "gradients.csv"
"""By rule, a table that it makes of other results, or of its settings alone."""
SLOW = {"measure_findings", "summarise_expectation"}


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


def check_tables(folder):
    """The tables in `folder` that are no links are those of results/paper.

    But for the last digits, in which processors differ.
    """
    tables = [*folder.rglob("*.csv"), *folder.rglob("*.txt")]
    made = [path for path in tables if not path.is_symlink()]
    assert made
    for path in made:
        name = path.relative_to(folder)
        texts = path.read_text(), (PAPER / name).read_text()
        assert len({NUMBER.sub("", text) for text in texts}) == 1, name
        found, committed = (np.array(NUMBER.findall(text), dtype=float) for text in texts)
        np.testing.assert_allclose(found, committed, rtol=1e-6, err_msg=str(name))


def test_tables_of_polynomials_follow_from_the_simulations(tmp_path):
    for path in PAPER.glob("fit_spsp/*.txt"):
        write_table(fits.fit_surface(simulated(path.stem)), tmp_path / "fit_spsp" / path.name)
    check_tables(tmp_path)


def test_other_tables_follow_from_the_simulations(tmp_path):
    for path in PAPER.glob("fit_curve/*.csv"):
        key, _, fit = path.stem.rpartition("-")
        table = SimulatedTable.from_key(key)
        if fit == "exact":
            curve = read_curve(table, PAPER / "solve_spsp" / f"{key}.csv")
            fitted = fits.exact(curve, table.n_steps + 1)
        else:
            fitted = fits.fit_curve(simulated(key), fit, table.n_steps + 1)
        write_table(fitted, tmp_path / "fit_curve" / path.name)
    check_tables(tmp_path)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(sorted(MADE.keys() - SLOW), id="quick"),
        pytest.param(sorted(SLOW), id="slow", marks=pytest.mark.slow),
    ],
)
def test_results_follow_from_what_they_are_made_of(rules, snakemake, tmp_path):
    """Made again by their rules, in a folder with links to all results."""
    others = shutil.ignore_patterns("benchmarks", "figures")
    results = tmp_path / "results" / "paper"
    shutil.copytree(PAPER, results, ignore=others, copy_function=os.symlink)
    run = snakemake(
        "--quiet", "host", "--directory", tmp_path, "--configfile", ROOT / "config" / "paper.yaml",
        "--allowed-rules", *rules, "--forcerun", *rules,
        "--", *(MADE[rule].relative_to(ROOT) for rule in rules), cwd=ROOT,
    )  # fmt: skip
    assert run.returncode == 0 and planned(run.stdout) == dict.fromkeys(rules, 1), run.stdout
    check_tables(results)


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
