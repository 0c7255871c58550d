"""Checkpoints: everything a run needs to resume, in one .npz file that is written atomically.

A checkpoint contains named arrays, a JSON document and a SHA-256 of both. It has no pickles.
"""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from strsbp.errors import CheckpointError, in_words
from strsbp.files import replacing

_DOCUMENT, _DIGEST = "document.json", "sha256"


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The named arrays in the .npz file `path`; nothing is unpickled.

    A damaged archive can make zipfile or NumPy raise almost any exception; none is caught here.
    """
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                arrays[name.removesuffix(".npy")] = npy.read_array(member, allow_pickle=False)
    return arrays


def _digest(arrays, document: bytes) -> str:
    digest = hashlib.sha256(document)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Like numpy.savez, which before NumPy 2.2 leaves the archive open when the disk is full."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(array), allow_pickle=False)


def save_checkpoint(path: str | Path, arrays: dict[str, np.ndarray], document: dict) -> None:
    """Write named `arrays` and a JSON-serialisable `document` to `path`, atomically."""
    text = json.dumps(document).encode()
    entries = {
        **arrays,
        _DOCUMENT: np.frombuffer(text, dtype=np.uint8),
        _DIGEST: np.array(_digest(arrays, text)),
    }
    with replacing(path) as temporary:
        _write_arrays(temporary, entries)


def load_checkpoint(path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and the document of a checkpoint.

    Raises `CheckpointError` if the file is truncated, altered or not a checkpoint.
    """
    try:
        entries = read_arrays(path)
        text = entries.pop(_DOCUMENT).tobytes()
        digest = str(entries.pop(_DIGEST))
        document = json.loads(text)
        intact = digest == _digest(entries, text)
    except Exception as error:
        raise CheckpointError(
            f"The checkpoint {path} cannot be read ({in_words(error)}); delete it to restart "
            "that run."
        ) from None
    if not intact or not isinstance(document, dict):
        raise CheckpointError(
            f"The checkpoint {path} was altered (its SHA-256 differs); delete it to restart "
            "that run."
        )
    return entries, document
