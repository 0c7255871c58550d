"""Which files of the package a script depends on, read from its import statements.

The workflow declares them as the ``code`` inputs of a rule, so that an edited file makes exactly
the rules run again whose scripts import it, directly or through other files.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def package_files(script: str | Path, package: Path = PACKAGE) -> list[Path]:
    """Files of `package`, and neighbours of `script`, that `script` imports in the end.

    Imports inside functions count too, and what an `__init__.py` with a `__getattr__` loads on
    first use. A package's `__init__.py` and its data files (templates,
    style sheets: whatever is not Python, in folders without Python files) count once any module
    of it is imported. Sorted; without `script` itself.
    """
    script = Path(script).resolve()
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        new = set(_imported_files(path, script.parent, package)) - found - {script}
        found |= new
        waiting += [file for file in new if file.suffix == ".py"]
    return sorted(found)


@cache
def _imported_files(path: Path, neighbours: Path, package: Path) -> frozenset[Path]:
    files: set[Path] = set()
    for name in _imported_names(path, package):
        first, *rest = name.split(".")
        if first == package.name:
            files |= _module_files(rest, package)
        elif (neighbours / f"{first}.py").is_file():
            files.add((neighbours / f"{first}.py").resolve())
    return frozenset(files)


def _imported_names(path: Path, package: Path) -> Iterator[str]:
    """Dotted names that `path` imports; `from a import b` gives `a.b`, be b a module or not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:  # relative: one dot is the folder of `path`
                folder = path.parents[node.level - 1].relative_to(package.parent)
                base = ".".join([*folder.parts, *filter(None, [base])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _module_files(parts: list[str], package: Path) -> set[Path]:
    """Files that importing the module `parts` of `package` reads, as far as there are any."""
    folder, files = package, _folder_files(package)
    for part in parts:
        if (folder / part).is_dir():
            folder = folder / part
            files |= _folder_files(folder)
        elif (folder / f"{part}.py").is_file():
            files.add(folder / f"{part}.py")
            break  # what follows are attributes
        else:
            files |= _lazy_files(folder, part)
            break
    return files


def _lazy_files(folder: Path, name: str) -> set[Path]:
    """Files that the `__getattr__` of the package in `folder` may load for the attribute `name`.

    Those that a dictionary from names to modules says, as in `{"read_table": "table"}`; all of
    the folder's modules where there is no such entry.
    """
    init = folder / "__init__.py"
    tree = ast.parse(init.read_text(encoding="utf-8")) if init.is_file() else ast.Module([], [])
    if not any(isinstance(n, ast.FunctionDef) and n.name == "__getattr__" for n in tree.body):
        return set()
    modules = [
        value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == name
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    ]
    if not modules:
        return set(folder.glob("*.py"))
    return set().union(*(_module_files([*module.split("."), name], folder) for module in modules))


def _folder_files(folder: Path) -> set[Path]:
    """`__init__.py` of a package folder, and its data files."""
    files = {folder / "__init__.py"} if (folder / "__init__.py").is_file() else set()
    for entry in folder.iterdir():
        if entry.name.startswith((".", "__")) or entry.name.endswith("~"):
            continue
        if entry.is_dir() and not any(entry.rglob("*.py")):
            files |= _folder_files(entry)
        elif entry.is_file() and entry.suffix not in (".py", ".pyc"):
            files.add(entry)
    return files
