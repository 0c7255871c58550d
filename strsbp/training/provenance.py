"""Where a result comes from: code, data, versions and machine."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from strsbp import __version__
from strsbp.data import Digits
from strsbp.data.prepared import describe


def code_commit() -> tuple[str | None, bool | None]:
    """Commit of the checkout that this package runs from, and whether it has uncommitted changes.

    (None, None) if the package does not run from a git checkout.
    """
    folder = str(Path(__file__).resolve().parents[1])
    status = ["git", "-C", folder, "status", "--porcelain=v2", "--branch", "--", folder]
    try:
        done = subprocess.run(status, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None, None
    lines = done.stdout.splitlines()
    return lines[0].removeprefix("# branch.oid "), any(line[0] != "#" for line in lines)


def data(digits: Digits) -> dict[str, str | int]:
    """Name, number of images and SHA-256 of the digits that a run used."""
    return {key: value for key, value in describe(digits).items() if key != "n_pixels"}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can affect a result."""
    packages = {package: metadata.version(package) for package in ("numpy", "numba", "scipy")}
    return {"python": platform.python_version(), **packages, "strsbp": __version__}


def machine() -> dict[str, str | int]:
    """Processor, number of cores available to this process, and operating system."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    has_affinity = hasattr(os, "sched_getaffinity")
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1,
        "platform": platform.platform(),
    }
