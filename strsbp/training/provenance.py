"""Where a result comes from: code, data, versions and machine."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from strsbp.data import Digits
from strsbp.data.prepared import describe

_PACKAGES = ("numpy", "numba", "scipy", "strsbp")


def code_commit() -> tuple[str | None, bool | None]:
    """Commit of the checkout that this package runs from, and whether it has uncommitted changes.

    (None, None) if the package does not run from a git checkout.
    """
    folder = Path(__file__).resolve().parents[1]
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        dirty = bool(_git(folder, "status", "--porcelain", "--", str(folder)))
    except (OSError, subprocess.SubprocessError):
        return None, None
    return commit, dirty


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True,
        timeout=30,
    )  # fmt: skip
    return done.stdout.strip()


def data(digits: Digits) -> dict[str, str | int]:
    """Name, number of images and SHA-256 of the digits that a run used."""
    return {key: value for key, value in describe(digits).items() if key != "n_pixels"}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can affect a result."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> dict[str, str | int]:
    """Processor, number of cores available to this process, and operating system."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else
        os.cpu_count() or 1,
        "platform": platform.platform(),
    }  # fmt: skip


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
