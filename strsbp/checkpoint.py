"""Checkpoints: all that a run needs to resume, in one .npz file without pickles.

A checkpoint contains named arrays and a JSON document. It is written atomically, and every entry of
an .npz file has a checksum, so a file that can be read is whole.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from strsbp.errors import CheckpointError, in_words
from strsbp.files import replacing

_DOCUMENT = "document.json"


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The named arrays in the .npz file `path`; nothing is unpickled.

    A damaged archive can make zipfile or NumPy raise almost any exception; none is caught here.
    """
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return dict(archive)


def save_checkpoint(path: str | Path, arrays: dict[str, np.ndarray], document: dict) -> None:
    """Write named `arrays` and a JSON-serialisable `document` to `path`, atomically."""
    text = np.frombuffer(json.dumps(document).encode(), dtype=np.uint8)
    entries: dict[str, Any] = {**arrays, _DOCUMENT: text}
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **entries)


def load_checkpoint(path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and the document of a checkpoint.

    Raises `CheckpointError` if the file is missing, truncated, altered or not a checkpoint.
    """
    try:
        entries = read_arrays(path)
        document = json.loads(entries.pop(_DOCUMENT).tobytes())
    except FileNotFoundError:
        raise CheckpointError(f"There is no file {path}; correct its name.") from None
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be read ({in_words(error)}); delete it and make it again."
        ) from None
    return entries, document
