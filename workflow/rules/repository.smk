"""Where the files of this repository are: beside this one or, for a remote module, in a cache.

A module may come from a path, a URL, `github(...)` or `gitlab(...)`. Snakemake copies the
files that are asked for into its cache, with the repository's folders; the package, which is not among
them, must be installed.
"""

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

if len(sys.executable.split()) > 1:
    sys.exit(
        f"Error: Snakemake runs with {sys.executable}, but cannot run scripts with a Python whose "
        "path has a space; make the environment in another folder."
    )

HERE = workflow.current_basedir
IS_LOCAL = isinstance(HERE, os.PathLike)


def of_repository(path):
    """The file `path` of this repository."""
    if IS_LOCAL:
        return Path(HERE).parents[1] / path
    cached = Path(workflow.source_path(f"../../{path}"))
    if not cached.match(path):  # gitfile() adds a version to names, so scripts cannot be imported
        sys.exit(
            "Error: The snakefile of the module must be a path, a URL, github(...) or gitlab(...); "
            "instead of gitfile(...), clone the repository and give the path."
        )
    return cached


def check_package():
    """Exit with one sentence unless the installed package has this workflow's version."""
    needed = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["version"]
    try:
        found = f"version {version('strsbp')}"
    except PackageNotFoundError:
        found = "none"
    if found != f"version {needed}":
        sys.exit(
            f"Error: The module from {HERE} needs version {needed} of the package strsbp in "
            f"Snakemake's environment, but {found} is installed; install it with pip from the same "
            "repository."
        )


CITATION = of_repository("CITATION.cff")
ROOT = CITATION.parent
of_repository("workflow/scripts/_job.py")  # imported by every script
os.environ.pop("NUMBA_DISABLE_JIT", None)  # the engine runs only if compiled
if IS_LOCAL:
    sys.path.insert(0, str(ROOT))  # the package beside this workflow, installed or not
    for name in [name for name in sys.modules if name.partition(".")[0] == "strsbp"]:
        del sys.modules[name]  # of an installed package that the default profile has imported
else:
    check_package()
