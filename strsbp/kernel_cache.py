"""Keeps compiled kernels in step with their sources.

numba's cache on disk notices a change of the file that a function stands in, but not of the
functions and constants that it takes from other files: after an update of the package, an old
kernel could go on giving old results. So a hash of their source files is kept beside the cached
kernels, and when it differs they are removed and compiled anew.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
STAMP = "strsbp-kernels.sha256"


def sources_hash(package: Path = PACKAGE) -> str:
    """SHA-256 over the names and contents of the files that kernels are compiled from.

    These are the files that use numba, and `settings.py`, whose constants they take.
    """
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        if b"numba" in content or path.name == "settings.py":
            digest.update(str(path.relative_to(package)).encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def discard_stale_kernels(package: Path = PACKAGE) -> None:
    """Remove cached kernels that were compiled from other sources than the present ones.

    Where the package's folder cannot be written, numba is given a folder of the user's that is
    named by the hash, and without a home folder one that ends with the process. Call it before
    numba is loaded.
    """
    current = sources_hash(package)
    cache = package / "__pycache__"
    try:
        cache.mkdir(exist_ok=True)
        stamp = cache / STAMP
        if not os.access(cache, os.W_OK):
            raise PermissionError
        if stamp.exists() and stamp.read_text() == current:
            return
        for pattern in ("*.nbi", "*.nbc"):
            for kernel in package.rglob(f"__pycache__/{pattern}"):
                kernel.unlink(missing_ok=True)
        temporary = cache / f"{STAMP}.{os.getpid()}"
        temporary.write_text(current)
        temporary.replace(stamp)
    except OSError:
        if "NUMBA_CACHE_DIR" not in os.environ:
            os.environ["NUMBA_CACHE_DIR"] = str(_folder_elsewhere(f"kernels-{current[:16]}"))


def _folder_elsewhere(name: str) -> Path:
    """A folder of the user's, and of nobody else's: cached kernels are code."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = base / "strsbp" / name
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: the user has no home
        pass
    folder = Path(tempfile.mkdtemp(prefix=f"strsbp-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
