"""The digest of the code that a function executes: what counts, and what does not."""

import re

import pytest

from strsbp.digest import code_digest, executed_files

FILES = {
    "__init__.py": "",
    "base.py": "from pack import errors",
    "errors.py": "import json",
    "late.py": "def f():\n    from pack.base import x\n    return x",
    "sub/__init__.py": "from pack.sub.one import f as f",
    "sub/one.py": "from pack.errors import E",
    "sub/three.py": "",
    "sub/style.css": "a",
    "sub/templates/page.html": "b",
    "sub/__pycache__/one.nbi": "",
    "sub/deeper/__init__.py": "",
    "sub/deeper/data.txt": "",
}


def make(folder, changes=()):
    """A small package `pack` in `folder`."""
    for name, text in (FILES | dict(changes)).items():
        path = folder / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "pack"


def dependencies(package, source):
    """The files of the package that `source` executes."""
    return {path.relative_to(package).as_posix() for path in executed_files(source, package)}


def test_imports_of_imports_and_in_functions(tmp_path):
    package = make(tmp_path)
    assert dependencies(package, "pack.base") == {"__init__.py", "base.py", "errors.py"}
    assert dependencies(package, "pack.late.f") >= {"late.py", "base.py", "errors.py"}


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
def test_comments_and_docstrings_do_not_count(tmp_path, before, after, same):
    packages = [
        make(tmp_path / str(n), {"sub/one.py": text}) for n, text in enumerate((before, after))
    ]
    first, second = (code_digest("pack.sub.one", package=package) for package in packages)
    assert (first == second) is same


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("sub/style.css", True),
        ("sub/templates/page.html", True),
        ("sub/__init__.py", True),
        ("sub/three.py", False),
        ("sub/__pycache__/one.nbi", False),
        ("sub/deeper/data.txt", False),
    ],
)
def test_what_is_not_executed_does_not_count(tmp_path, name, counts):
    packages = make(tmp_path / "before"), make(tmp_path / "after", {name: "x = 3"})
    before, after = (code_digest("pack.sub.one", package=package) for package in packages)
    assert (before != after) is counts


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


def test_a_further_file_counts_by_its_content(tmp_path):
    files = [tmp_path / folder / "claims.yaml" for folder in ("here", "there", "changed")]
    for path, text in zip(files, ("a: 1", "a: 1", "a: 2"), strict=True):
        path.parent.mkdir()
        path.write_text(text)
    package = make(tmp_path)
    same, copy, other = (code_digest("pack.sub.one.f", [path], package) for path in files)
    assert same == copy
    assert len({same, other, code_digest("pack.sub.one.f", package=package)}) == 3
