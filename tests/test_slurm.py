"""The workflow on a real Slurm cluster of one node, with jobs killed on the node.

`make test-slurm` runs this; the usual tests do not.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from slurm_cluster import cluster, wait_for, what_is_missing

pytestmark = pytest.mark.slurm

OVERLAY = """
profile: small
arms: {strsbp: {n_train: 1500, n_test: 100, epochs: 12, seeds: [1, 2]}}
"""
"""Two runs of the tiny study last long enough to be killed."""
METRICS = [
    f"results/small/train/{run}.csv" for run in ("strsbp/seed1", "strsbp/seed2", "hm2bp/seed1")
]
FIGURES = ("fig1", "fig5", "fig7a", "listings")
TARGETS = [*METRICS, *FIGURES]

# A node of two cores, and no time to lose.
SMALL_SITE = (
    "--set-threads", "simulate_spsp=2",
    "--group-components", "fits=2", "spsp_figures=2", "training_figures=2",
    "--default-resources", "mem_mb=500", "runtime=10",
    "--latency-wait", "10",
    "--slurm-init-seconds-before-status-checks", "1",
    "--seconds-between-status-checks", "2",
)  # fmt: skip


@pytest.fixture(scope="module")
def environment():
    """The environment in which Slurm's commands find a cluster that lives as long as this file."""
    if (reason := what_is_missing()) is not None:
        pytest.fail(reason, pytrace=False)
    with cluster() as variables:
        yield {k: v for k, v in variables.items() if not k.startswith("SNAKEMAKE")}


@pytest.fixture
def command(root, tmp_path):
    """Function that returns the command that makes `targets` in `folder`, on Slurm or here."""
    overlay = tmp_path / "small.yaml"
    overlay.write_text(OVERLAY)

    def build(targets, folder, slurm=True):
        profile = root / "workflow" / "profiles" / "slurm"
        where = ["--workflow-profile", profile, *SMALL_SITE] if slurm else ["--cores", "2"]
        parts = [
            sys.executable, "-m", "snakemake", *where,
            "--snakefile", root / "workflow" / "Snakefile", "--directory", folder,
            "--configfile", root / "tests" / "data" / "tiny.yaml", overlay, "--", *targets,
        ]  # fmt: skip
        return [str(part) for part in parts]

    return build


def finish(process, folder):
    """Wait for a workflow in `folder`; returns its exit status, and its output with jobs' logs."""
    output, _ = process.communicate(timeout=600)
    for log in sorted((folder / ".snakemake" / "slurm_logs").rglob("*.log")):
        output += f"\n--- {log}\n" + log.read_text(errors="replace")[-3000:]
    return process.returncode, output


def start(command, environment, cwd=None):
    return subprocess.Popen(
        command, env=environment, cwd=cwd, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip


def running_jobs(environment):
    """The comment of each running job, by id; the executor puts rule and wildcards there."""
    done = subprocess.run(
        ["squeue", "-h", "-t", "R", "-o", "%i %k"], env=environment, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())


def training_processes(job):
    """Ids of the processes of a job that run the script itself."""
    mark = f"SLURM_JOB_ID={job}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            trains = len(words) > 1 and words[1].endswith(b".call.py")
            if trains and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:  # not a process, or it has just ended
            continue
    return found


def checkpoint(folder, seed):
    """The checkpoint that the run of `strsbp` with this seed has while it trains."""
    return folder / "results" / "small" / "train" / "strsbp" / f"seed{seed}.ckpt.npz"


def test_the_workflow_survives_jobs_killed_on_the_node(environment, command, tmp_path):
    """Two trainings are killed; the same command then finishes with the numbers of a local run."""
    on_slurm = tmp_path / "slurm"
    checkpoints = {seed: checkpoint(on_slurm, seed) for seed in (1, 2)}
    workflow = start(command(TARGETS, on_slurm), environment)
    killed = set()

    def kill_those_that_train():
        assert workflow.poll() is None, finish(workflow, on_slurm)[1]
        for job, comment in running_jobs(environment).items():
            for seed in {1, 2} - killed:
                if f"strsbp_{seed}" in comment and checkpoints[seed].exists():
                    if seed == 1:
                        subprocess.run(["scancel", job], env=environment, check=True)
                    else:
                        (process,) = training_processes(job)
                        os.kill(process, signal.SIGKILL)
                    killed.add(seed)
        return killed == {1, 2}

    wait_for(kill_those_that_train, "two killed trainings", seconds=400)
    status, output = finish(workflow, on_slurm)
    assert status != 0, output
    for state in ("CANCELLED", "FAILED"):
        assert f"SLURM status is: '{state}'" in output
    assert sum((on_slurm / path).exists() for path in METRICS) == 1, "the other run is finished"
    assert all(path.exists() for path in checkpoints.values()), "no finished epoch is lost"

    status, output = finish(start(command(TARGETS, on_slurm), environment), on_slurm)
    assert status == 0, output
    assert not list(on_slurm.rglob("*.ckpt.npz"))
    for figure in FIGURES:
        assert (on_slurm / f"results/small/figures/{figure}.svg").exists()

    here = tmp_path / "here"
    status, output = finish(start(command(METRICS, here, slurm=False), environment), here)
    assert status == 0, output
    for path in METRICS:
        assert (on_slurm / path).read_bytes() == (here / path).read_bytes(), path


def test_a_job_has_a_gpu_where_its_rule_needs_one(environment, root, tmp_path):
    shell = "echo ${{SLURM_GPUS_ON_NODE:-none}} ${{CUDA_VISIBLE_DEVICES:-none}} > {output}"
    (tmp_path / "Snakefile").write_text(
        "rule all:\n    input: 'with.txt', 'without.txt'\n"
        f"rule with_gpu:\n    output: 'with.txt'\n    resources: gpu=1\n    shell: '{shell}'\n"
        f"rule without_gpu:\n    output: 'without.txt'\n    shell: '{shell}'\n"
    )
    profile = root / "workflow" / "profiles" / "slurm"
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", profile, *SMALL_SITE]
    status, output = finish(start(list(map(str, command)), environment, cwd=tmp_path), tmp_path)
    assert status == 0, output
    assert (tmp_path / "with.txt").read_text() == "1 0\n"
    assert (tmp_path / "without.txt").read_text() == "none none\n"
