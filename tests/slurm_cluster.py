"""A real Slurm cluster of one node, this machine, for as long as a test needs it.

Needs root and Debian's packages slurmctld, slurmd, slurm-client and munge. There is no systemd and
no accounting; a device node stands in for one GPU, so that requests for it can be tested.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

STANDARD = Path("/etc/slurm")
CONFIGURATIONS = ("slurm.conf", "gres.conf")
PACKAGES = "slurmctld slurmd slurm-client munge"
PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sinfo", "squeue", "sbatch", "scancel")

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
KillWait=3
MessageTimeout=60
BatchStartTimeout=120
MinJobAge=3600
ReturnToService=2
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def what_is_missing() -> str | None:
    """A sentence that says why no cluster can be started here, or None."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=_search_path()) is None]
    if missing:
        return (
            f"A test cluster needs {', '.join(missing)}; on Debian or Ubuntu install them with "
            f"`apt-get install {PACKAGES}`."
        )
    if os.geteuid() != 0:
        return "Only root can start a test cluster; run this in a container, for example."
    for name in CONFIGURATIONS:
        if os.path.lexists(STANDARD / name):
            return (
                f"{STANDARD / name} exists: this machine already runs Slurm or another test "
                "cluster; if a killed test left the file behind, delete it."
            )
    return None


@contextmanager
def cluster():
    """Start the daemons and yield the environment in which Slurm's commands find them.

    At the end, after an error and after SIGTERM, every job is cancelled and everything that was
    started is stopped. After SIGKILL, the kernel stops the daemons.
    """
    with ExitStack() as stack:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-test-")))
        folder.chmod(0o755)
        host = socket.gethostname().split(".")[0]
        for name in ("state", "spool"):
            (folder / name).mkdir()
        gpu = folder / "gpu0"
        subprocess.run(["mknod", "-m", "666", str(gpu), "c", "1", "3"], check=True)
        (folder / "gres.conf").write_text(f"NodeName={host} Name=gpu File={gpu}\n")
        (folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                host=host, folder=folder, cores=os.cpu_count(), memory=_memory_mb() - 500,
                ctld_port=_free_port(), slurmd_port=_free_port(),
            )
        )  # fmt: skip
        for name in CONFIGURATIONS:  # where Slurm looks for them: job steps drop SLURM_CONF
            (STANDARD / name).symlink_to(folder / name)
            stack.callback((STANDARD / name).unlink)
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        environment = os.environ | dict(SLURM_CONF=f"{folder}/slurm.conf", PATH=_search_path())

        def daemon(*command):
            command = ["setpriv", "--pdeathsig", "TERM", *command]
            process = subprocess.Popen(command, env=environment)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        munge_socket = f"--socket={folder}/munge.socket"
        daemon(
            "munged", "--foreground", "--force", munge_socket, f"--key-file={key}",
            f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
            f"--seed-file={folder}/munged.seed",
        )  # fmt: skip
        wait_for(lambda: _answer(["munge", "-n", munge_socket], environment) is not None, "munged")
        daemon("slurmctld", "-D")
        daemon("slurmd", "-D", "-N", host)
        stack.callback(_cancel_all_jobs, environment)
        state = ["sinfo", "-h", "-o", "%t"]
        wait_for(lambda: _answer(state, environment) == "idle\n", "an idle node")
        yield environment


def _search_path():
    return os.environ["PATH"] + ":/usr/sbin:/sbin"


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _memory_mb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _cancel_all_jobs(environment):
    _answer(["scancel", "--user=root"], environment)
    wait_for(lambda: not _answer(["squeue", "-h", "-t", "R,CG,PD"], environment), "no jobs")


def _answer(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def wait_for(condition, what, seconds=60):
    """Wait until `condition()` is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"Waited {seconds} s for {what}.")
        time.sleep(0.1)
