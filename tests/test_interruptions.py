"""Training that is really killed, or runs out of disk space: nothing is lost or wrong."""

import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_training import run

TESTS = Path(__file__).parent
EPOCHS = 100
N_KILLS = 20

PROGRAM = f"""
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from strsbp.errors import StrsbpError
from test_training import run
print("ready", flush=True)
try:
    run(Path(sys.argv[2]), epochs={EPOCHS})
except (StrsbpError, OSError) as error:
    print(error, flush=True)
    sys.exit(3)
"""


def start(folder, program=PROGRAM):
    """Start a process that trains in `folder`; returns it once everything is loaded."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, TESTS, folder],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def finish(process):
    """Wait for a process; returns its exit status, output and errors."""
    output, errors = process.communicate()
    return process.returncode, output, errors


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The metrics of a run that nothing disturbs."""
    return run(tmp_path_factory.mktemp("whole"), epochs=EPOCHS)


def version_of(path):
    """What changes when a file is replaced, or None where there is none."""
    return path.stat().st_ino if path.exists() else None


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_metrics(tmp_path, expected):
    checkpoint, metrics = tmp_path / "seed5.ckpt.npz", tmp_path / "seed5.csv"
    moments = random.Random(1)
    n_killed = n_resumed = 0
    while n_killed < N_KILLS:
        before = version_of(checkpoint)
        process = start(tmp_path)
        begin = time.monotonic()
        if n_killed % 2 == 0:  # some time after a new checkpoint; writing one is part of an epoch
            while version_of(checkpoint) == before and process.poll() is None:
                time.sleep(0.0005)
            first = time.monotonic() - begin
            time.sleep(moments.uniform(0, 0.02))
        else:  # while it loads, resumes or trains its first epochs
            time.sleep(moments.uniform(0, first))
        process.send_signal(signal.SIGKILL)
        _, _, errors = finish(process)
        # Whatever the moment: under its final name a file is whole.
        assert not metrics.exists() or metrics.read_bytes() == expected
        if process.returncode == 0:  # it was done before it could be killed: begin anew
            assert metrics.exists(), errors
            for path in tmp_path.iterdir():
                path.unlink()
            continue
        assert process.returncode == -signal.SIGKILL, errors
        n_killed += 1
        n_resumed += before is not None
    status, _, errors = finish(start(tmp_path))
    assert status == 0, errors
    assert metrics.read_bytes() == expected
    assert n_resumed >= N_KILLS // 2


def test_killed_while_a_checkpoint_is_written_the_last_one_serves(tmp_path, expected):
    stopping = PROGRAM.replace(
        'print("ready"',
        "import os, signal, strsbp.files as c\n"
        "real, calls = os.fsync, []\n"
        "def die_in_third(handle):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 3:\n"
        "        os.ftruncate(handle, 1000)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    real(handle)\n"
        "c.os.fsync = die_in_third\n"
        'print("ready"',
    )
    status, _, errors = finish(start(tmp_path, stopping))
    assert status == -signal.SIGKILL, errors
    names = {path.name for path in tmp_path.iterdir()}
    assert "seed5.ckpt.npz" in names and len(names) == 2, "the half-written file is beside it"
    status, _, errors = finish(start(tmp_path))
    assert status == 0, errors
    assert (tmp_path / "seed5.csv").read_bytes() == expected
    assert json.loads((tmp_path / "seed5.json").read_text())["resumed"] is True


def mount_tmpfs(folder, size):
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode != 0:
        pytest.skip("a small file system cannot be mounted here: needs root")


def test_on_a_full_disk_it_says_so_and_resumes_when_there_is_room(tmp_path, expected):
    if not shutil.which("mount"):
        pytest.skip("there is no mount command")
    disk = tmp_path / "disk"
    mount_tmpfs(disk, "2M")
    try:
        ballast = disk / "ballast"
        process = start(disk)
        while not (disk / "seed5.ckpt.npz").exists() and process.poll() is None:
            time.sleep(0.005)
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        status, output, errors = finish(process)
        assert status == 3, errors
        assert "No space left" in output and "Traceback" not in errors
        assert {path.name for path in disk.iterdir()} == {"seed5.ckpt.npz", "ballast"}
        ballast.unlink()
        status, _, errors = finish(start(disk))
        assert status == 0, errors
        assert (disk / "seed5.csv").read_bytes() == expected
    finally:
        subprocess.run(["umount", str(disk)], check=True)
