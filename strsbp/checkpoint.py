"""Checkpoints: everything a run needs to go on, in one .npz file that is never half-written.

A checkpoint holds named arrays and one JSON document, with a SHA-256 over both, and no pickle.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from strsbp.errors import CheckpointError

_DOCUMENT, _DIGEST = "document.json", "sha256"


def write_atomically(path: str | Path, write) -> None:
    """Call `write(file)` on a new binary file beside `path`, then move it to `path`.

    `path` holds either what it held before or the whole new content, also after a crash.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes a private file; give it the mode that a plain open() would have given.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _digest(arrays, document: bytes) -> str:
    digest = hashlib.sha256(document)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def save_checkpoint(path: str | Path, arrays: dict[str, np.ndarray], document: dict) -> None:
    """Write named `arrays` and a JSON-able `document` to `path`, atomically."""
    text = json.dumps(document).encode()
    entries = {
        **arrays,
        _DOCUMENT: np.frombuffer(text, dtype=np.uint8),
        _DIGEST: np.array(_digest(arrays, text)),
    }
    write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **entries))


def load_checkpoint(path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and the document of a checkpoint.

    Raises `CheckpointError` where the file is cut short, altered or something else.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            entries = {name: archive[name] for name in archive.files}
        text = entries.pop(_DOCUMENT).tobytes()
        digest = str(entries.pop(_DIGEST))
        document = json.loads(text)
        intact = digest == _digest(entries, text)
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, MemoryError,
            zipfile.BadZipFile, NotImplementedError, zipfile.LargeZipFile) as error:  # fmt: skip
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise CheckpointError(
            f"The checkpoint {path} cannot be read ({reason}); delete it to start that run anew."
        ) from None
    if not intact or not isinstance(document, dict):
        raise CheckpointError(
            f"The checkpoint {path} was altered (its SHA-256 differs); delete it to start that "
            "run anew."
        )
    return entries, document
