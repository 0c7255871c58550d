"""What test files share: the root, copies of the repository, and Snakemake as users run it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strsbp.cuda.device import DeviceError, array_module
from strsbp.study.loading import load_profile

ROOT = Path(__file__).resolve().parents[1]
NOT_NEEDED = (".*", "benchmarks", "build", "docs", "logs", "results", "tests")
"""What a copy of the repository leaves out."""
LONGEST = (
    "workflow", "modules", "results", "commands", "workflow_plan", "surroundings",
    "figures_drawing",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no worker waits for one at the end.

    Of these, only the first compiles kernels, and it does so for all workers.
    """
    places = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def paper():
    """The study at its own size."""
    return load_profile(ROOT / "config", "paper")


@pytest.fixture(scope="session")
def copy_checkout():
    """Function that copies what the workflow needs to a new folder and returns it."""

    def copy(target: Path) -> Path:
        return shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*NOT_NEEDED))

    return copy


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, copy_checkout):
    """A copy of the repository in which nothing has been run; tests leave it that way."""
    return copy_checkout(tmp_path_factory.mktemp("dry") / "checkout")


@pytest.fixture(scope="session")
def snakemake():
    """Function that runs Snakemake in a folder; returns the finished process with its output.

    stdout and stderr come together in `stdout`, in the order in which a user sees them. Keyword
    arguments in capitals are environment variables.
    """

    def run(*arguments, cwd: Path, timeout: float = 3600, **more) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE")}
        environment |= more
        return subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "2", *map(str, arguments)],
            cwd=cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )

    return run


STAND_IN = ROOT / "tests" / "cuda_host" / "on_path"


@pytest.fixture(scope="session")
def stand_in():
    """A module with CuPy's names that runs the CUDA kernels on the CPU, not named `cupy`."""
    if shutil.which("g++") is None:
        pytest.skip("there is no g++ to compile the CUDA kernels for the CPU")
    spec = importlib.util.spec_from_file_location("stand_in", STAND_IN / "cupy" / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def gpu():
    """CuPy, if it finds a device."""
    try:
        return array_module()
    except DeviceError as error:
        pytest.skip(str(error))
