"""Checkpoints: everything a run needs to go on, in one .npz file that is never half-written.

A checkpoint holds named arrays and one JSON document, with a SHA-256 over both, and no pickle.
"""

import hashlib
import json
import math
import os
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from strsbp.errors import CheckpointError
from strsbp.files import regular_size

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


UNREADABLE = (
    OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OverflowError,
    MemoryError, RuntimeError, SyntaxError, struct.error, zipfile.BadZipFile, zipfile.LargeZipFile,
    zlib.error,
)  # fmt: skip
"""What zipfile and numpy raise for a damaged archive (RuntimeError: an encrypted one)."""


def read_arrays(path: str | Path, largest: int | None = None) -> dict[str, np.ndarray]:
    """The named arrays in the .npz file `path`: nothing is unpickled, and no memory is taken for
    what a header only promises.

    They may have `largest` bytes in all; without it they must not be compressed, and so have no
    more than the file. Raises one of `UNREADABLE`.
    """
    size = regular_size(path)
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("it is no .npz archive")
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len({member.filename for member in members}) != len(members):
                raise ValueError("two members have the same name")
            allowed = {zipfile.ZIP_STORED} | ({zipfile.ZIP_DEFLATED} if largest else set())
            if any(member.compress_type not in allowed for member in members):
                raise ValueError("a member is compressed in another way than here")
            if sum(member.file_size for member in members) > (largest or size):
                raise ValueError("a member promises more than fits into memory")
            return {
                member.filename.removesuffix(".npy"): _read_array(archive, member)
                for member in members
            }


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        version = npy.read_magic(file)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        if version not in read_header:
            raise ValueError(f"{member.filename} has a version that is not known here")
        shape, is_fortran, dtype = read_header[version](file)
        if dtype.hasobject or dtype.itemsize == 0:
            raise ValueError(f"{member.filename} holds no numbers")
        if any(length < 0 for length in shape):
            raise ValueError(f"{member.filename} has a negative length")
        expected = math.prod(shape) * dtype.itemsize
        if expected > member.file_size:
            raise ValueError(f"a member promises more than fits into memory: {expected:,} bytes")
        content = bytearray(file.read(expected))
        if len(content) != expected or file.read(1):
            raise ValueError(f"{member.filename} does not hold the {expected:,} bytes it promises")
    if not content:
        return np.empty(shape, dtype)
    return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")


def _digest(arrays, document: bytes) -> str:
    digest = hashlib.sha256(document)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _write_arrays(file, arrays: dict[str, np.ndarray]) -> None:
    """As numpy.savez, which before NumPy 2.2 leaves its archive open on a full disk."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(array), allow_pickle=False)


def in_words(error: Exception) -> str:
    """The reason that `error` gives, on one line without its full stop."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).strip(" .") or type(error).__name__


def save_checkpoint(path: str | Path, arrays: dict[str, np.ndarray], document: dict) -> None:
    """Write named `arrays` and a JSON-able `document` to `path`, atomically."""
    text = json.dumps(document).encode()
    entries = {
        **arrays,
        _DOCUMENT: np.frombuffer(text, dtype=np.uint8),
        _DIGEST: np.array(_digest(arrays, text)),
    }
    if any(np.asarray(array).dtype.hasobject for array in entries.values()):
        raise TypeError("a checkpoint holds numbers and text, no objects")
    write_atomically(path, lambda file: _write_arrays(file, entries))


def load_checkpoint(path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and the document of a checkpoint.

    Raises `CheckpointError` where the file is cut short, altered or something else.
    """
    try:
        entries = read_arrays(path)
        text = entries.pop(_DOCUMENT).tobytes()
        digest = str(entries.pop(_DIGEST))
        document = json.loads(text)
        intact = digest == _digest(entries, text)
    except UNREADABLE as error:
        reason = in_words(error)
        raise CheckpointError(
            f"The checkpoint {path} cannot be read ({reason}); delete it to start that run anew."
        ) from None
    if not intact or not isinstance(document, dict):
        raise CheckpointError(
            f"The checkpoint {path} was altered (its SHA-256 differs); delete it to start that "
            "run anew."
        )
    return entries, document
