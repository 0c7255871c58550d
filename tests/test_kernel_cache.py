"""Compiled kernels follow the sources of the functions that they call."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from strsbp import kernel_cache
from strsbp.kernel_cache import NAME, choose_folder, sources_digest

INNER = "from numba import njit\n\n@njit(inline='always')\ndef inner(x):\n    return x + {}\n"
OUTER = (
    "from numba import njit\nfrom pack.inner import inner\n\n"
    "@njit(cache=True)\ndef outer(x):\n    return inner(x)\n"
)
CHOOSE = (  # the module alone, because the package imports numba
    "import os, runpy, sys\nfrom pathlib import Path\n"
    f"runpy.run_path({kernel_cache.__file__!r})['choose_folder'](Path(sys.argv[1]))\n"
)


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "inner.py").write_text(INNER.format(1))
    (folder / "outer.py").write_text(OUTER)
    return folder


def output(program, package, **environment):
    kept = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(package)], env=kept | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def outer_of_one(package, guarded=True):
    program = (
        CHOOSE if guarded else "import sys\n"
    ) + f"sys.path.insert(0, {str(package.parent)!r})\n"
    return int(output(program + "from pack.outer import outer; print(outer(1))", package))


def test_an_edit_in_another_file_reaches_a_cached_kernel(package):
    assert outer_of_one(package, guarded=False) == 2
    (package / "inner.py").write_text(INNER.format(10))
    assert outer_of_one(package, guarded=False) == 2, "numba now notices this itself"
    assert outer_of_one(package) == 11


def test_kernels_are_kept_while_the_sources_stay(package):
    outer_of_one(package)
    kernels = {path: path.stat().st_mtime_ns for path in package.rglob("*.nbc")}
    assert [path.parts[-3] for path in kernels] == [f"{NAME}-{sources_digest(package)[:16]}"]
    outer_of_one(package)
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*.nbc")} == kernels
    (package / "inner.py").write_text(INNER.format(10))
    outer_of_one(package)
    assert set(kernels) < set(package.rglob("*.nbc")), "an import deletes nothing"


@pytest.fixture
def chosen(package, monkeypatch):
    """Function that chooses a folder for `package` in an environment and returns it."""

    def choose(**environment):
        for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        choose_folder(package)
        return Path(os.environ["NUMBA_CACHE_DIR"])

    return choose


def test_a_folder_of_the_users_own_is_kept(chosen, tmp_path):
    assert chosen(NUMBA_CACHE_DIR=tmp_path / "mine") == tmp_path / "mine"


def test_a_child_takes_its_parents_folder_unless_the_sources_changed(chosen, package, tmp_path):
    parents = tmp_path / f"{NAME}-{sources_digest(package)[:16]}-temporary"
    assert chosen(NUMBA_CACHE_DIR=parents) == parents
    (package / "inner.py").write_text(INNER.format(10))
    assert chosen(NUMBA_CACHE_DIR=parents).parent == package / "__pycache__"


def test_a_read_only_package_takes_another_folder(chosen, package, tmp_path):
    (package / "__pycache__").touch()  # no folder can be made there, not even by root
    folder = chosen(XDG_CACHE_HOME=tmp_path / "cache")
    assert folder.parent == tmp_path / "cache" / "strsbp" and folder.is_dir()
    assert chosen(HOME=tmp_path).parent == tmp_path / ".cache" / "strsbp"
    surroundings = dict(HOME="/proc/nowhere", XDG_CACHE_HOME="", TMPDIR=str(tmp_path))
    program = CHOOSE + "print(os.environ['NUMBA_CACHE_DIR'])"
    folder = Path(output(program, package, **surroundings))
    assert folder.parent == tmp_path and not folder.exists(), "it ends with the process"


def test_an_engine_that_may_not_be_compiled_says_so():
    """Its vectors exist only in compiled code."""
    done = subprocess.run(
        [sys.executable, "-c", "import strsbp.engine"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert "StrsbpError: The engine runs only if it is compiled; unset" in done.stderr


def test_a_file_counts_if_it_is_compiled(package):
    before = sources_digest(package)
    (package / "plain.py").write_text("x = 1\n")
    assert sources_digest(package) == before
    (package / "engine").mkdir()
    (package / "engine" / "constants.py").write_text("ROW = 1\n")
    assert sources_digest(package) != before
    before = sources_digest(package)
    (package / "kernels.py").write_text("from strsbp.compiled import kernel\n")
    assert sources_digest(package) != before
