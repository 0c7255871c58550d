"""Where numba caches compiled kernels: one folder per version of their sources.

numba's disk cache notices changes to the file that defines a function, but not to functions and
constants that it imports from other files, so an outdated kernel could survive an update of the
package. The folder is therefore named after a digest of all sources.
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
    """SHA-256 of the files that kernels are compiled from.

    These are the files that use numba, those of the engine and, for its constants, `settings.py`.
    """
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        compiled = b"numba" in content or b".compiled" in content or path.parent.name == "engine"
        if compiled or path == package / "settings.py":
            digest.update(str(path.relative_to(package)).encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def choose_folder(package: Path = PACKAGE) -> None:
    """Set NUMBA_CACHE_DIR unless the user has set it; must be called before numba is imported.

    Uses the package's ``__pycache__`` if it is writable, else the user's cache folder, else a
    temporary folder that is deleted when the process ends. Folders of other versions are kept.
    """
    name = f"{NAME}-{sources_digest(package)[:16]}"
    inherited = Path(os.environ.get("NUMBA_CACHE_DIR", "")).name
    # Keep a folder set by the user, or the temporary one of a parent with the same sources.
    if inherited and (inherited.startswith(f"{name}-") or not inherited.startswith(NAME)):
        return
    users = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "strsbp"
    for base in (package / "__pycache__", users):
        try:
            folder = base.expanduser() / name
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # RuntimeError: no home folder
            continue
        if os.access(folder, os.W_OK):
            break
    else:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
