"""Compiled kernels follow the sources of the functions that they call."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from strsbp.kernel_cache import STAMP, discard_stale_kernels, sources_hash

INNER = "from numba import njit\n\n@njit(inline='always')\ndef inner(x):\n    return x + {}\n"
OUTER = (
    "from numba import njit\nfrom pack.inner import inner\n\n"
    "@njit(cache=True)\ndef outer(x):\n    return inner(x)\n"
)


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "inner.py").write_text(INNER.format(1))
    (folder / "outer.py").write_text(OUTER)
    return folder


def outer_of_one(package, guarded):
    program = "import sys; sys.path.insert(0, sys.argv[1])\n"
    if guarded:
        program += "from pathlib import Path\n"
        program += "from strsbp.kernel_cache import discard_stale_kernels\n"
        program += "discard_stale_kernels(Path(sys.argv[2]))\n"
    program += "from pack.outer import outer; print(outer(1))"
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(package.parent), str(package)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


def test_an_edit_in_another_file_reaches_a_cached_kernel(package):
    assert outer_of_one(package, guarded=False) == 2
    (package / "inner.py").write_text(INNER.format(10))
    assert outer_of_one(package, guarded=False) == 2, "numba has learned it; drop this module"
    assert outer_of_one(package, guarded=True) == 11
    assert outer_of_one(package, guarded=True) == 11


def test_nothing_is_discarded_while_the_sources_stay(package):
    outer_of_one(package, guarded=True)
    kernels = {path: path.stat().st_mtime_ns for path in package.rglob("*.nbc")}
    assert kernels
    outer_of_one(package, guarded=True)
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*.nbc")} == kernels
    assert (package / "__pycache__" / STAMP).read_text() == sources_hash(package)


def cache_folder_of_a_read_only(package, **environment):
    """Where kernels go when `package` cannot be written, as a process of its own sees it."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from strsbp.kernel_cache import discard_stale_kernels\n"
        "real = Path.mkdir\n"
        "def refuse(self, *args, **kwargs):\n"
        "    if self.name == '__pycache__' and not self.exists():\n"
        "        raise PermissionError('read-only')\n"
        "    real(self, *args, **kwargs)\n"
        "Path.mkdir = refuse\n"
        "os.access = lambda path, mode: Path(path).name != '__pycache__'\n"
        "discard_stale_kernels(Path(sys.argv[1]))\n"
        "folder = Path(os.environ['NUMBA_CACHE_DIR'])\n"
        "(folder / 'kernel').touch()\n"
        "print(folder)\n"
    )
    unset = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(package)], env=kept | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Path(done.stdout.strip())


@pytest.mark.parametrize("used_before", [False, True])
def test_a_read_only_package_takes_a_folder_of_the_users(package, tmp_path, used_before):
    if used_before:
        discard_stale_kernels(package)
    folder = cache_folder_of_a_read_only(package, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert folder.is_relative_to(tmp_path / "cache") and sources_hash(package)[:16] in folder.name
    folder = cache_folder_of_a_read_only(package, HOME=str(tmp_path / "home"))
    assert folder.is_relative_to(tmp_path / "home") and (folder / "kernel").exists()


def test_without_a_home_too_it_takes_a_folder_that_ends_with_the_process(package, tmp_path):
    folder = cache_folder_of_a_read_only(package, HOME="/proc/nowhere", TMPDIR=str(tmp_path))
    assert folder.parent == tmp_path and not folder.exists()
