"""Which package files a script depends on."""

import pytest

from strsbp.study.sources import package_files


@pytest.fixture
def package(tmp_path):
    """A small package `pack`, with a script beside it."""
    files = {
        "pack/__init__.py": "",
        "pack/alone.py": "import numpy",
        "pack/base.py": "from pack import errors",
        "pack/errors.py": "import json",
        "pack/late.py": "def f():\n    from pack.base import x\n    return x",
        "pack/sub/__init__.py": "from pack.sub.one import f as f",
        "pack/sub/one.py": "from . import two\nfrom ..errors import E",
        "pack/sub/two.py": "",
        "pack/sub/three.py": "",
        "pack/sub/style.css": "",
        "pack/sub/templates/page.html": "",
        "pack/sub/__pycache__/one.nbi": "",
        "pack/sub/deeper/__init__.py": "",
        "pack/sub/deeper/data.txt": "",
        "pack/lazy/__init__.py": 'NAMES = {"f": "one", "h": "deep.three"}\n'
        "def __getattr__(name): ...",
        "pack/lazy/deep/__init__.py": "",
        "pack/lazy/deep/three.py": "",
        "pack/lazy/one.py": "import pack.errors",
        "pack/lazy/two.py": "",
        "scripts/_helper.py": "import pack.alone",
        "scripts/other.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def dependencies(package, source):
    number = len(list((package / "scripts").iterdir()))  # files are read once: a new one each time
    script = package / "scripts" / f"script{number}.py"
    script.write_text(source)
    found = package_files(script, package / "pack")
    return [path.relative_to(package).as_posix() for path in found]


def test_nothing_but_the_standard_library(package):
    assert dependencies(package, "import os, numpy") == []


def test_imports_of_imports(package):
    assert dependencies(package, "from pack.base import x") == [
        "pack/__init__.py",
        "pack/base.py",
        "pack/errors.py",
    ]


def test_imports_inside_functions(package):
    assert "pack/base.py" in dependencies(package, "import pack.late")


def test_sub_package_with_relative_imports_and_data(package):
    assert dependencies(package, "def f():\n    from pack.sub import f") == [
        "pack/__init__.py",
        "pack/errors.py",
        "pack/sub/__init__.py",
        "pack/sub/one.py",
        "pack/sub/style.css",
        "pack/sub/templates/page.html",
        "pack/sub/two.py",
    ]


def test_neighbour_of_the_script(package):
    assert dependencies(package, "from _helper import job") == [
        "pack/__init__.py",
        "pack/alone.py",
        "scripts/_helper.py",
    ]


def test_names_that_a_package_loads_on_first_use(package):
    assert dependencies(package, "from pack.lazy import f") == [
        "pack/__init__.py",
        "pack/errors.py",
        "pack/lazy/__init__.py",
        "pack/lazy/one.py",
    ]
    assert "pack/lazy/deep/three.py" in dependencies(package, "from pack.lazy import h")
    # Where it is unclear from which module a name comes, all count.
    assert "pack/lazy/two.py" in dependencies(package, "from pack.lazy import g")
