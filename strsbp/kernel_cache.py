"""Where numba keeps compiled kernels: one folder for each state of their sources.

numba's cache on disk notices a change of the file that a function stands in, but not of the
functions and constants that it takes from other files: after an update of the package, an old
kernel could go on giving old results. So the folder is named by a digest of all of them.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
NAME = "strsbp-kernels"


def sources_digest(package: Path = PACKAGE) -> str:
    """SHA-256 over the files that kernels are compiled from.

    These are the files that use numba, and `settings.py`, whose constants they take.
    """
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        if b"numba" in content or path.name == "settings.py":
            digest.update(str(path.relative_to(package)).encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def choose_folder(package: Path = PACKAGE) -> None:
    """Set NUMBA_CACHE_DIR, which must be done before numba is loaded, unless the user has set it.

    The folder is below the package's ``__pycache__``, else in the user's cache folder, else one
    that ends with the process. Older ones stay where they are.
    """
    name = f"{NAME}-{sources_digest(package)[:16]}"
    inherited = Path(os.environ.get("NUMBA_CACHE_DIR", "")).name
    # The user's own, or ours of a parent process, unless that started with other sources.
    if inherited and (inherited.startswith(name) or not inherited.startswith(NAME)):
        return
    for base in (lambda: package / "__pycache__", _users_cache):
        try:
            folder = base() / name
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # RuntimeError: the user has no home
            continue
        if os.access(folder, os.W_OK):
            break
    else:
        folder = tempfile.mkdtemp(prefix=f"{name}-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


def _users_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "strsbp"
