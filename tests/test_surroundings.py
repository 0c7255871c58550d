"""The workflow interrupted, started twice at once, and run in awkward surroundings.

Interruptions really happen to the training of one tiny network; test_interruptions.py kills it.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from plans import DRY, planned

RUN = "results/tiny/train/strsbp/seed1"
DIGITS = "results/tiny/prepare_data/mnist5k.json"
TABLE = "results/tiny/fit_spsp/published-m64-s8-r2-t400-g100.txt"
EPOCHS = 3
ENDLESS = 10_000


@pytest.fixture(scope="module")
def start(root, tmp_path_factory):
    """Function that starts the tiny study's workflow in `folder` as a terminal would.

    The process leads a session of its own, in which Ctrl-C reaches everything that it started.
    """
    overlays = tmp_path_factory.mktemp("overlays")

    def run(folder, *targets, epochs=EPOCHS, checkout=root, within=(), umask=-1, **more):
        overlay = overlays / f"{epochs}.yaml"
        overlay.write_text(f"arms: {{strsbp: {{n_train: 1000, n_test: 4, epochs: {epochs}}}}}\n")
        folder.mkdir(exist_ok=True)
        ours = ("SNAKEMAKE", "NUMBA_CACHE_DIR")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        return subprocess.Popen(
            [
                *within, sys.executable, "-m", "snakemake", "--cores", "2",
                "--snakefile", checkout / "workflow" / "Snakefile", "--directory", folder,
                "--configfile", root / "tests" / "data" / "tiny.yaml", overlay,
                "--", *(targets or [f"{RUN}.csv"]),
            ],
            env=inherited | more, umask=umask, start_new_session=True, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # A background job of a script would inherit that Ctrl-C is ignored.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    return run


def finish(process):
    """Wait for a workflow; returns its exit status and output."""
    output, _ = process.communicate()
    return process.returncode, output


def wait_for(path, process, seconds=300):
    """Wait until `path` exists, which must happen while `process` runs."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, f"{path} was not made within {seconds} s"
        time.sleep(0.02)


def session_of(leader):
    """Ids of all living processes of the session that `leader` started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # not a process, or it has just ended
            continue
        if int(after_name[3]) == leader and after_name[0] != "Z":
            found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def disturbed(start, tmp_path_factory):
    """A folder in which a workflow was joined by a second one while training, then got Ctrl-C.

    Returns the folder, exit status and output of both, and the processes and files that the first
    left.
    """
    folder = tmp_path_factory.mktemp("disturbed")
    first = start(folder, epochs=ENDLESS)
    try:
        wait_for(folder / f"{RUN}.ckpt.npz", first)
        second = finish(start(folder, epochs=ENDLESS))
        assert first.poll() is None, first.communicate()[0]
        os.killpg(first.pid, signal.SIGINT)
        first.wait(timeout=60)
        left = session_of(first.pid)
        files = [path.name for path in (folder / RUN).parent.iterdir()]
    finally:
        for process in session_of(first.pid):
            os.kill(process, signal.SIGKILL)
        ended = finish(first)
    return folder, ended, second, left, files


def test_a_second_workflow_in_the_folder_is_an_error(disturbed):
    status, output = disturbed[2]
    assert status == 1
    assert "make sure that no other Snakemake process is trying to create the same files" in output
    assert "Traceback" not in output


def test_ctrl_c_ends_everything(disturbed):
    _, (status, output), _, left, files = disturbed
    assert status == 1
    assert "Terminating processes on user request" in output
    assert "train was interrupted." in output and "exit status 130" in output
    assert "Traceback" not in output
    assert left == []
    assert files == ["seed1.ckpt.npz"]


@pytest.fixture
def read_only_checkout(tmp_path, copy_checkout):
    """A read-only checkout in a folder with an awkward name, and a prefix for commands using it.

    File permissions do not stop root, so for root the prefix gives the command a read-only mount
    of the checkout, which ends with the command.
    """
    checkout = copy_checkout(tmp_path / "schreibgeschützt – read only" / "checkout")
    if os.geteuid() == 0:
        close = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        within = ["unshare", "--mount", "sh", "-c", close, str(checkout)]
        if subprocess.run([*within, "true"], capture_output=True).returncode != 0:
            pytest.skip("root cannot mount here, and may write to all that is mounted")
        yield checkout, within
        return
    paths = [checkout, *checkout.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    yield checkout, []
    for path in paths:
        path.chmod(path.stat().st_mode | 0o200)


def test_the_same_command_again_finishes_what_was_interrupted(start, disturbed):
    folder = disturbed[0]
    status, output = finish(start(folder))
    assert status == 0, output
    rows = (folder / f"{RUN}.csv").read_text().splitlines()
    assert len(rows) == 1 + EPOCHS
    assert not (folder / f"{RUN}.ckpt.npz").exists()


@pytest.mark.slow
def test_in_awkward_surroundings_it_makes_the_same_files(
    start, disturbed, read_only_checkout, tmp_path
):
    """A read-only checkout, spaces, letters beyond ASCII, umask 077, no locale and no home."""
    checkout, within = read_only_checkout
    before = set(checkout.rglob("*"))
    folder, cache = tmp_path / "Ergebnisse für «ß» 結果", tmp_path / "cache of mine"
    status, output = finish(
        start(
            folder, DIGITS, TABLE, checkout=checkout, within=within, umask=0o077, LC_ALL="C",
            HOME="/proc/nowhere", XDG_CACHE_HOME=str(cache),
        )
    )  # fmt: skip
    assert status == 0, output
    for path in (DIGITS, TABLE):
        assert (folder / path).read_bytes() == (disturbed[0] / path).read_bytes()
    made = [path for part in ("results", "logs") for path in (folder / part).rglob("*.*")]
    assert len(made) > 6
    assert [path for path in made if path.stat().st_mode & 0o077] == []
    assert set(checkout.rglob("*")) == before
    assert list(cache.glob("strsbp/strsbp-kernels-*/*/*.nbc")), "kernels are compiled once"


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("home", [None, "/proc/nowhere", "."])
def test_make_gives_a_cache_to_a_user_without_a_home(root, tmp_path, home):
    """Snakemake itself ends with a traceback if it cannot keep its cache."""
    # Without the variables that a make running these tests would pass on.
    unset = {"HOME", "XDG_CACHE_HOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    if home is not None:
        environment["HOME"] = str(tmp_path / home)
    done = subprocess.run(
        ["make", "--file", root / "Makefile", "--eval", "show:; @echo $$XDG_CACHE_HOME", "show"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    expected = "" if home == "." else str(tmp_path / "build" / "cache")
    assert done.stdout.strip() == expected


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_refuses_a_folder_whose_name_has_a_space_at_once(root, tmp_path):
    folder = tmp_path / "my study"
    folder.mkdir()
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).touch()
    words = ["make", "--file", root / "Makefile", "report"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0 and "a Python whose path has a space" in done.stderr
    assert not (folder / ".venv").exists()


def test_a_python_whose_path_has_a_space_is_refused_in_one_sentence(root, tmp_path):
    """Snakemake does not quote the path of Python in the commands of its scripts."""
    (tmp_path / "my env").symlink_to(sys.prefix)
    python = tmp_path / "my env" / "bin" / Path(sys.executable).name
    words = [python, "-m", "snakemake", "--dry-run"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True)
    assert done.returncode != 0
    assert "path has a space" in done.stderr and "Traceback" not in done.stderr


CONDA = """#!/bin/sh
case "$1" in
  info) echo '{"conda_version": "25.1.0", "conda_prefix": "/nowhere", "platform": "linux-64"}' ;;
  --version) echo "conda 25.1.0" ;;
  config) echo '{"get": {"channel_priority": "strict"}}' ;;
  *) exit 1 ;;
esac
"""


def test_conda_jobs_train_bptt_without_torch_in_the_launching_python(root, snakemake, tmp_path):
    conda = tmp_path / "conda"
    conda.write_text(CONDA)  # as much of it as a dry run asks for
    conda.chmod(0o755)
    (tmp_path / "mine.yaml").write_text("profile: mine\nbptt: {seeds: [5]}\n")
    run = snakemake(
        *DRY, "--sdm", "conda", "--directory", tmp_path, "--configfile", tmp_path / "mine.yaml",
        "--", "results/mine/bptt/train/seed5.csv", cwd=root,
        PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert planned(run.stdout) == dict(prepare_data=1, train_bptt=1)


APPTAINER = """#!/bin/sh
[ "$1" = --version ] && exec echo apptainer version 1.3.0
until [ "$3" = -c ]; do shift; done
echo "$1" >> "$0.images"
shift
exec "$@"
"""


def test_jobs_run_in_the_configured_container(snakemake, root, tmp_path):
    """Apptainer's stand-in runs a job's command where it is, and notes the image."""
    python = Path(sys.executable)  # that of the container, too
    apptainer = tmp_path / "apptainer"
    apptainer.write_text(APPTAINER)
    apptainer.chmod(0o755)
    (tmp_path / "mine.sif").touch()
    (tmp_path / "mine.yaml").write_text("container: mine.sif\n")
    run = snakemake(
        "--sdm", "apptainer", "--directory", tmp_path,
        "--snakefile", root / "workflow" / "Snakefile",
        "--configfile", root / "tests" / "data" / "tiny.yaml", tmp_path / "mine.yaml", "--", DIGITS,
        cwd=tmp_path, PATH=os.pathsep.join(map(str, [tmp_path, python.parent, os.environ["PATH"]])),
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert (tmp_path / DIGITS).is_file()
    assert Path(f"{apptainer}.images").read_text() == "mine.sif\n"
