"""Batches in the workflow: which runs they hold, and one that runs with the stand-in for CuPy."""

import json
import re
import shutil

import numpy as np
import pytest
import yaml

from strsbp.data.prepared import read_prepared
from strsbp.spsp.table import EffectRatioTable, read_table, write_table
from strsbp.study import batches
from strsbp.study.batches import gpu_runs, gpu_seeds
from strsbp.study.loading import load_study, merged, read_config
from strsbp.training.run import run_arm

OVERLAY = {
    "profile": "small",
    "device": "cuda",
    "data": {"n_train": 3, "n_test": 2},
    "architectures": {
        "784-400-R400-10": [
            {"kind": "feedforward", "size": 12},
            {"kind": "recurrent", "shape": [2, 2, 3]},
        ]
    },
    "arms": {"hm2bp": {"epochs": 2, "seeds": [1, 4], "n_steps": 50, "table": {"file": "t.txt"}}},
}


def small_study(root, folder, **changes):
    """The study of `OVERLAY`, whose table file is in `folder`."""
    rows = np.arange(1, 9)[:, None] * np.array([-6e-8, 7e-6, -3.5e-4, 7e-3, 0.01])
    write_table(EffectRatioTable(rows), folder / "t.txt")
    base = read_config(root / "config" / "config.yaml")
    return load_study(merged(base, OVERLAY | changes), "here", directory=folder)


def write_run(folder, study, seed, **changes):
    """Files as a run on the CPU leaves them."""
    arm = study.arm("hm2bp").model_copy(update={"seeds": [seed], "title": "another"})
    layers = study.architectures[arm.architecture]
    document = {
        "device": "cpu",
        "settings": arm.model_dump(mode="json"),
        "architecture": [layer.model_dump(mode="json", exclude_none=True) for layer in layers],
    } | changes
    path = folder / "train" / "hm2bp" / f"seed{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    path.with_suffix(".csv").write_text("metrics\n")
    return path


def test_auto_keeps_what_the_cpu_has_trained(root, tmp_path):
    study = small_study(root, tmp_path, device="auto")
    results = tmp_path / "results"
    assert gpu_seeds(study, "hm2bp", results) == [1, 4]
    write_run(results, study, 4)
    assert gpu_seeds(study, "hm2bp", results) == [1]
    assert gpu_seeds(small_study(root, tmp_path), "hm2bp", results) == [1, 4], "cuda asks for all"
    # A run from before a setting existed has its default.
    settings = study.arm("hm2bp").model_dump(mode="json", exclude={"n_validation"})
    write_run(results, study, 1, settings=settings)
    assert gpu_seeds(study, "hm2bp", results) == []


@pytest.mark.parametrize(
    ("gpu", "elsewhere", "device", "found"),
    [
        (False, False, "auto", set()),
        (False, True, "cuda", {"small"}),
        (True, False, "auto", {"small", "full", "quick"}),
        (True, False, "cpu", {"full", "quick"}),
    ],
)
def test_which_profiles_have_runs_on_a_gpu(
    root, tmp_path, monkeypatch, gpu, elsewhere, device, found
):
    """Of the configured study and of those in config/ that are whole: a target may name them."""
    missing = None if gpu else "there is none"
    monkeypatch.setattr(batches, "obstacle", lambda: missing)
    monkeypatch.setattr("strsbp.cuda.device.obstacle", lambda: missing)
    config = tmp_path / "config"
    config.mkdir()
    for name in ("config.yaml", "full.yaml"):
        shutil.copy(root / "config" / name, config)
    (config / "unfinished.yaml").write_text("profile: unfinished\narms: {mine: {}}\n")
    study = small_study(root, tmp_path, device=device)
    runs = gpu_runs(study, config, jobs_elsewhere=elsewhere, results=tmp_path / "results")
    assert {run.split("/")[0] for run in runs} == found
    assert ("small/train/hm2bp/seed4" in runs) is ("small" in found)


@pytest.mark.slow
def test_a_batch_in_the_workflow_leaves_the_files_of_the_cpu(root, tmp_path, snakemake):
    if shutil.which("g++") is None:
        pytest.skip("there is no g++ to compile the CUDA kernels for the CPU")
    study = small_study(root, tmp_path)
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(OVERLAY))
    runs = [tmp_path / "results" / "small" / "train" / "hm2bp" / f"seed{s}.csv" for s in (1, 4)]
    done = snakemake(
        "--snakefile", root / "workflow" / "Snakefile", "--directory", tmp_path, "--configfile",
        tmp_path / "small.yaml", "--resources", "gpu=1", "--",
        *(run.relative_to(tmp_path) for run in runs), cwd=root,
        PYTHONPATH=str(root / "tests" / "cuda_host" / "on_path"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    jobs = re.findall(r"^(\w+) +(\d+)$", done.stdout, re.MULTILINE)
    assert ("train_batch", "1") in jobs and "train" not in dict(jobs), done.stdout
    assert not list((tmp_path / "results").rglob("*.ckpt.npz"))

    arm = study.arm("hm2bp")
    digits = read_prepared(tmp_path / "results" / "small" / "prepare_data" / "mnist5k.json")
    for seed, run in zip(arm.seeds, runs, strict=True):
        run_arm(
            arm, study.architectures[arm.architecture], read_table(tmp_path / "t.txt"), digits,
            seed, name="hm2bp", metrics_path=tmp_path / "cpu.csv",
            provenance_path=tmp_path / "cpu.json", checkpoint_path=tmp_path / "cpu.ckpt.npz",
            profile="small", table_source={}, progress=False,
        )  # fmt: skip
        assert run.read_bytes() == (tmp_path / "cpu.csv").read_bytes()
        provenance = json.loads(run.with_suffix(".json").read_text())
        assert (provenance["device"], provenance["seed"], provenance["replicas"]) == (
            "cuda",
            seed,
            2,
        )
