"""A digest of the code that a function executes, so that an edit reruns the jobs that call it.

Comments, docstrings and formatting do not count. What counts are the syntax trees of the
function's module and of the modules of this package that it imports, directly or indirectly, and
the data files (kernels, templates, styles) in their folders.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from operator import truediv
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def code_digest(name: str, files: Iterable[Path] = (), package: Path = PACKAGE) -> str:
    """SHA-256 of the code of `package` that a function executes, and of `files` that it reads.

    `name` is the dotted name of the function or of its module.
    """
    digest = hashlib.sha256()
    for file in executed_files(name, package):
        digest.update(f"{file.relative_to(package)}\n{_content(file)}\n".encode())
    for file in files:
        digest.update(f"{file.name}\n{_content(file)}\n".encode())
    return digest.hexdigest()


def executed_files(name: str, package: Path = PACKAGE) -> list[Path]:
    """The module of `name`, all of `package` that it imports, and their data files."""
    waiting = _module(name.split(".")[1:], package)
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        found.add(file)
        if file.suffix == ".py":
            waiting |= _imports(file, package) - found
    return sorted(found)


@cache
def _content(file: Path) -> str:
    """A Python file as its syntax tree without docstrings, any other file as its hash."""
    if file.suffix != ".py":
        return hashlib.sha256(file.read_bytes()).hexdigest()
    tree = _tree(file)
    for node in ast.walk(tree):
        if hasattr(node, "body") and isinstance(node.body, list):
            # Docstrings of attributes, too: a text that stands alone does nothing.
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
    return ast.unparse(tree)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(getattr(line.value, "value", None), str)


@cache
def _imports(file: Path, package: Path) -> frozenset[Path]:
    """Files of `package` that the import statements of `file` name, those in functions included."""
    found: set[Path] = set()
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for first, *rest in (name.split(".") for name in names):
            if first == package.name:
                found |= _module(rest, package)
    return frozenset(found)


def _module(parts: list[str], package: Path) -> set[Path]:
    """Files that importing the module or attribute `parts` of the package reads."""
    found: set[Path] = set()
    for place in accumulate(parts, truediv, initial=package):
        if (place / "__init__.py").is_file():
            found |= {place / "__init__.py", *_data_files(place)}
        elif place.with_suffix(".py").is_file():
            found.add(place.with_suffix(".py"))
    return found


@cache
def _data_files(folder: Path) -> frozenset[Path]:
    """Files of a package folder that are not Python, and those of its folders without Python."""
    found: set[Path] = set()
    for entry in folder.iterdir():
        if entry.name.startswith((".", "__")) or entry.name.endswith("~"):
            continue
        if entry.is_dir() and not any(entry.rglob("*.py")):
            found |= _data_files(entry)
        elif entry.is_file() and entry.suffix not in (".py", ".pyi"):
            found.add(entry)
    return frozenset(found)
