"""Compiled kernels follow the sources of the functions that they call."""

import subprocess
import sys

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


def test_a_read_only_package_takes_a_folder_of_the_users(package, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)

    def refuse(*args, **kwargs):
        raise PermissionError("read-only")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    discard_stale_kernels(package)
    import os

    assert sources_hash(package)[:16] in os.environ["NUMBA_CACHE_DIR"]
    monkeypatch.delenv("NUMBA_CACHE_DIR")
