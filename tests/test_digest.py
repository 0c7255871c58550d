"""The digest of the code that a function executes: what counts, and what does not."""

import re

import pytest

from strsbp.digest import (
    _content,
    _data_files,
    _imports,
    _tree,
    code_digest,
    executed_files,
)

FILES = {
    "pack/__init__.py": "",
    "pack/base.py": "from pack import errors",
    "pack/errors.py": "import json",
    "pack/late.py": "def f():\n    from pack.base import x\n    return x",
    "pack/sub/__init__.py": "from pack.sub.one import f as f",
    "pack/sub/one.py": "from pack.errors import E",
    "pack/sub/three.py": "",
    "pack/sub/style.css": "a",
    "pack/sub/templates/page.html": "b",
    "pack/sub/__pycache__/one.nbi": "",
    "pack/sub/deeper/__init__.py": "",
    "pack/sub/deeper/data.txt": "",
    "pack/all/__init__.py": "from pack.all.one import f\n"
    "from pack.all.deep.three import h\nimport pack.all.two",
    "pack/all/deep/__init__.py": "",
    "pack/all/deep/three.py": "",
    "pack/all/one.py": "import pack.errors",
    "pack/all/two.py": "",
}


@pytest.fixture
def package(tmp_path):
    """A small package `pack`."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def forget():
    for cached in (_content, _data_files, _imports, _tree):
        cached.cache_clear()


def dependencies(package, text):
    """The files of the package that a module with `text` executes besides itself."""
    forget()
    (package / "pack" / "job.py").write_text(text)
    found = executed_files("pack.job.f", package / "pack")
    return [path.relative_to(package / "pack").as_posix() for path in found if path.stem != "job"]


def digest(package, text="import pack.sub.one"):
    forget()
    (package / "pack" / "job.py").write_text(text)
    return code_digest("pack.job", package=package / "pack")


def test_imports_of_imports_and_in_functions(package):
    assert dependencies(package, "from pack.base import x") == [
        "__init__.py",
        "base.py",
        "errors.py",
    ]
    assert "base.py" in dependencies(package, "def f():\n    import pack.late")


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("f", {"all/one.py", "errors.py"}),
        ("h", {"all/deep/three.py", "all/deep/__init__.py"}),
        ("other", set()),
    ],
)
def test_only_the_names_that_are_imported_from_a_list_count(package, name, files):
    found = set(dependencies(package, f"from pack.all import {name}"))
    assert found == {"__init__.py", "all/__init__.py"} | files


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("x = 1", "x = 1  # one", True),
        ("x = 1", "\n\nx=1\n", True),
        ("def f():\n    return 1", 'def f():\n    """One."""\n    return 1', True),
        ("class A:\n    a = 1", 'class A:\n    """A."""\n    a = 1\n    """One."""', True),
        ("def f():\n    return 1", "def f():\n    return 2", False),
        ("x = 'a'", "x = 'b'", False),
    ],
)
def test_comments_and_docstrings_do_not_count(package, before, after, same):
    path = package / "pack" / "sub" / "one.py"
    path.write_text(before)
    first = digest(package)
    path.write_text(after)
    assert (digest(package) == first) is same


@pytest.mark.parametrize(
    ("name", "counts"),
    [("pack/sub/style.css", True), ("pack/sub/three.py", False), ("pack/sub/__init__.py", True)],
)
def test_what_is_not_executed_does_not_count(package, name, counts):
    first = digest(package)
    (package / name).write_text("x = 3")
    assert (digest(package) != first) is counts


def test_the_code_of_every_function_that_a_rule_calls_is_found(root):
    """If it were not, an edit would rerun nothing."""
    rules = "".join(path.read_text() for path in (root / "workflow" / "rules").glob("*.smk"))
    called = re.findall(r"\*\*calls\(\s*\"(.+?)\"", rules)
    assert len(called) > 30
    for name in called:
        module, _, function = name.rpartition(".")
        file = root / f"{module.replace('.', '/')}.py"
        assert file in executed_files(name) and f"\ndef {function}(" in file.read_text(), name
    trained = {
        str(file.relative_to(root / "strsbp"))
        for file in executed_files("strsbp.study.train.train")
    }
    assert {"engine/forward.py", "encoding.py", "spsp/table.py", "training/epochs.py"} <= trained
    assert not any(name.startswith(("cuda", "study/report", "study/figures")) for name in trained)


def test_a_further_file_counts_by_its_content(package, tmp_path):
    claims, copy = tmp_path / "claims.yaml", tmp_path / "elsewhere" / "claims.yaml"
    copy.parent.mkdir()
    for path, text in ((claims, "a: 1"), (copy, "a: 1")):
        path.write_text(text)

    def with_file(path):
        forget()
        return code_digest("pack.sub.one.f", [path], package=package / "pack")

    before = with_file(claims)
    assert with_file(copy) == before != code_digest("pack.sub.one.f", package=package / "pack")
    claims.write_text("a: 2")
    assert with_file(claims) != before
