"""Results in a repository: kept with what made them, current on a fresh clone, rerun when due."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strsbp.study import records
from strsbp.study.records import RecordsError, keep, restore

ARMS = ("strsbp_feedforward", "hm2bp_feedforward")
RUNS = [f"results/paper/train/{arm}/seed1.csv" for arm in ARMS]
TARGETS = [*RUNS, "results/paper/figures/fig5.png"]


def git(folder, *arguments):
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def committed(tmp_path_factory, copy_checkout, snakemake, root):
    """A repository with a tiny study as its profile `paper`, some results of it committed."""
    repository = copy_checkout(tmp_path_factory.mktemp("origin") / "strsbp")
    shutil.copy(root / ".gitignore", repository)
    tiny = (root / "tests" / "data" / "tiny.yaml").read_text()
    tiny = tiny.replace("profile: tiny", "profile: paper")
    (repository / "config" / "paper.yaml").write_text(tiny)
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=Code")
    run = snakemake("--configfile", "config/paper.yaml", "--", *TARGETS, cwd=repository)
    assert run.returncode == 0, run.stdout
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=Results")
    return repository


@pytest.fixture
def clone(committed, tmp_path):
    """A fresh clone of it."""
    git(tmp_path, "clone", "--quiet", committed, "clone")
    return tmp_path / "clone"


@pytest.fixture
def planned(snakemake):
    """Function that plans the targets in a clone; returns the output and jobs by rule."""

    def plan(clone):
        words = ("--quiet", "host", "--dry-run", "--configfile", "config/paper.yaml", "--")
        run = snakemake(*words, *TARGETS, cwd=clone)
        assert run.returncode == 0, run.stdout
        rows = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout, re.MULTILINE))
        rows.pop("total", None)
        return run.stdout, {rule: int(count) for rule, count in rows.items()}

    return plan


def test_what_is_committed_is_small_and_holds_no_images(committed):
    files = git(committed, "ls-files", "results").split()
    assert set(RUNS) <= set(files) and "results/paper/records.json" in files
    assert "results/paper/prepare_data/mnist5k.json" in files
    assert "results/paper/prepare_data/mnist5k.npz" not in files
    assert (committed / "results/paper/prepare_data/mnist5k.npz").is_file()
    git(committed, "check-ignore", "results/paper/train/a/seed1.ckpt.npz")
    git(committed, "check-ignore", "results/quick/report.html")


def test_a_fresh_clone_is_up_to_date(clone, planned):
    output, jobs = planned(clone)
    assert "Nothing to be done" in output and jobs == {}
    assert git(clone, "status", "--porcelain") == ""


def test_a_changed_arm_of_a_fresh_clone_runs_again_alone(clone, planned, snakemake):
    config = clone / "config" / "paper.yaml"
    before = "  hm2bp_feedforward: {epochs: 1}"
    assert before in config.read_text()
    changed = before.replace("1}", "1, learning_rate: 0.002}")
    config.write_text(config.read_text().replace(before, changed))
    output, jobs = planned(clone)
    assert jobs == {"train": 1} and "Training hm2bp_feedforward with seed 1" in output
    # The images are not in the repository; the job makes them again and the rest stays current.
    other = (clone / RUNS[0]).stat().st_mtime_ns
    run = snakemake("--configfile", "config/paper.yaml", "--", *TARGETS, cwd=clone)
    assert run.returncode == 0, run.stdout
    assert (clone / "results/paper/prepare_data/mnist5k.npz").is_file()
    assert (clone / RUNS[0]).stat().st_mtime_ns == other
    assert "Nothing to be done" in planned(clone)[0]


@pytest.mark.parametrize("name", ["strsbp/engine/forward.py", "workflow/scripts/train.py"])
def test_edited_code_of_a_fresh_clone_trains_again(clone, planned, name):
    with open(clone / name, "a") as file:
        file.write("# edited\n")
    assert planned(clone)[1] == {"train": 2}


def test_code_that_was_edited_before_the_clone_trains_again(committed, clone, planned):
    """Time stamps say nothing here: everything in a clone is equally new."""
    with open(clone / "strsbp/engine/forward.py", "a") as file:
        file.write("# edited\n")
    git(clone, "commit", "--quiet", "--all", "--message=Edit the engine")
    git(clone.parent, "clone", "--quiet", clone, "second")
    assert planned(clone.parent / "second")[1] == {"train": 2}


def test_a_run_repeated_on_a_clone_has_the_committed_metrics(clone, snakemake):
    expected = (clone / RUNS[0]).read_bytes()
    words = ("--configfile", "config/paper.yaml", "--forcerun", "train", "--", RUNS[0])
    run = snakemake(*words, cwd=clone)
    assert run.returncode == 0, run.stdout
    assert (clone / RUNS[0]).read_bytes() == expected
    assert RUNS[0] not in git(clone, "status", "--porcelain")


def adopt(folder, *words):
    command = [sys.executable, "-m", "strsbp.study.adopt", "results/paper", *words]
    path = dict(os.environ, PYTHONPATH=str(folder))
    return subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True)


def test_runs_from_elsewhere_are_adopted_if_they_are_current(clone, planned):
    records_file = clone / "results" / "paper" / "records.json"
    records_file.unlink()
    config = clone / "config" / "paper.yaml"
    text = config.read_text().replace(
        "  strsbp_feedforward: {epochs: 1}", "  strsbp_feedforward: {epochs: 2}"
    )
    config.write_text(text)
    done = adopt(clone)
    assert done.returncode == 1, done.stderr
    assert f"{RUNS[1]}: current" in done.stdout
    assert f"{RUNS[0]}: not current: its epochs differ from the config" in done.stdout
    kept = json.loads(records_file.read_text())
    outputs = [output for job in kept["jobs"] for output in job["outputs"]]
    assert RUNS[1] in outputs and RUNS[0] not in outputs


def test_an_edited_engine_is_an_obstacle_to_adoption(clone):
    with open(clone / "strsbp/engine/forward.py", "a") as file:
        file.write("# edited\n")
    done = adopt(clone)
    assert done.returncode == 1
    for run in RUNS:
        assert f"{run}: not current: strsbp/engine/forward.py changed since" in done.stdout


def test_an_edit_that_leaves_the_numbers_is_verified_by_training_again(clone, planned):
    with open(clone / "strsbp/engine/forward.py", "a") as file:
        file.write("# edited\n")
    done = adopt(clone, "--verify")
    assert done.returncode == 1 and "not committed" in done.stderr
    git(clone, "commit", "--quiet", "--all", "--message=Edit the engine")
    done = adopt(clone, "--verify")
    assert done.returncode == 0, done.stderr
    for run in RUNS:
        assert f"{run}: first epoch as kept" in done.stdout
        assert f"{run}: current" in done.stdout
    assert planned(clone)[1] == {}
    assert adopt(clone).returncode == 0, "what was verified stays so"


def test_an_edit_that_changes_the_numbers_is_not_verified(clone):
    encoding = clone / "strsbp" / "encoding.py"
    code = encoding.read_text().replace("RATE_DIVISOR = 5.5 * 255", "RATE_DIVISOR = 2.5 * 255")
    assert code != encoding.read_text()
    encoding.write_text(code)
    # What an earlier commit gave does not count.
    earlier = git(clone, "rev-parse", "HEAD").strip()
    note = clone / "results" / "paper" / "verified.json"
    note.write_text(json.dumps(dict.fromkeys(ARMS, earlier)))
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=Edit the engine")
    done = adopt(clone, "--verify")
    assert done.returncode == 1
    assert json.loads(note.read_text()) == {}
    for run in RUNS:
        assert f"{run}: first epoch differs" in done.stdout
        assert f"{run}: not current: strsbp/encoding.py changed since" in done.stdout


# ---- Records by themselves ---------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with one output that Snakemake remembers."""
    monkeypatch.chdir(tmp_path)
    output = "results/paper/a/out.csv"
    (tmp_path / "results" / "paper" / "a").mkdir(parents=True)
    (tmp_path / output).write_text("1\n")
    record = dict(
        rule="a", code="x", params=["1"], input=["b", "b", "c"], record_format_version=6,
        software_stack_hash="d", input_checksums=str({"b": "sha256:00"}), starttime=1.0,
    )  # fmt: skip
    memory = records._memory_path(records.STATE, output)
    memory.parent.mkdir(parents=True)
    memory.write_text(json.dumps(record))
    return output, memory, record


def test_records_survive_the_loss_of_snakemakes_memory(folder):
    output, memory, record = folder
    assert keep("results/paper") == 1
    shutil.rmtree(".snakemake")
    assert restore("results/paper") == [output]
    restored = json.loads(memory.read_text())
    for key in ("rule", "code", "params", "input", "record_format_version"):
        assert restored[key] == record[key]
    assert restored["input_checksums"] == {"b": "sha256:00"}
    assert restore("results/paper") == []


def test_records_that_are_kept_twice_are_the_same(folder):
    keep("results/paper")
    first = Path("results/paper/records.json").read_bytes()
    keep("results/paper")
    assert Path("results/paper/records.json").read_bytes() == first
    shutil.rmtree(".snakemake")  # what Snakemake does not remember stays
    assert keep("results/paper") == 1
    assert Path("results/paper/records.json").read_bytes() == first


def test_images_have_no_record_whether_or_not_they_are_there(folder):
    _, _, record = folder
    images = "results/paper/prepare_data/mnist5k.npz"
    Path(images).parent.mkdir()
    Path(images).write_text("many")
    records._memory_path(records.STATE, images).write_text(json.dumps(record))
    assert keep("results/paper") == 1


def test_a_file_that_was_changed_is_not_vouched_for(folder):
    output, memory, _ = folder
    keep("results/paper")
    shutil.rmtree(".snakemake")
    Path(output).write_text("1\n2\n")
    assert restore("results/paper") == [] and not memory.exists()
    assert keep("results/paper") == 0


def test_newer_memory_wins_over_records(folder):
    _, memory, record = folder
    keep("results/paper")
    memory.write_text(json.dumps(record | dict(params=["2"])))
    os.utime(memory, (2e9, 2e9))
    assert restore("results/paper") == []
    os.utime(memory, (1, 1))
    assert restore("results/paper") != []


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": 1}', '{"format": 1, "inputs": [], "jobs": [{"inputs": [3]}]}'],
)
def test_damaged_records_end_in_one_sentence(folder, text):
    Path("results/paper/records.json").write_text(text)
    with pytest.raises(RecordsError, match="is damaged"):
        restore("results/paper")
    Path("results/paper/records.json").write_text('{"format": 99}')
    with pytest.raises(RecordsError, match="format 99"):
        restore("results/paper")


def test_no_records_no_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert restore("results/paper") == []
    assert keep("results") == 0
