"""Idx files, the format of MNIST, gzipped or not.

An idx file is a magic number, one size per dimension (all big-endian 32-bit), then the bytes:
0x00000803, n, 28, 28 and n * 784 pixels for images; 0x00000801, n and n labels for labels.
The format is described on the MNIST home page (LeCun, Cortes and Burges).
"""

import gzip
import hashlib
import math
import zlib
from pathlib import Path

import numpy as np

from strsbp.errors import DataError, in_words
from strsbp.files import read_bounded

IMAGES_MAGIC, LABELS_MAGIC = 0x0803, 0x0801
LARGEST_FILE = 100_000_000
"""Size limit in bytes; the files of the known data sets have at most 26 million."""


def read_images(path: str | Path) -> np.ndarray:
    """Images uint8 (n, 784) of an idx file; raises `DataError` for anything else."""
    return _read(path, "images", IMAGES_MAGIC, (28, 28))


def read_labels(path: str | Path) -> np.ndarray:
    """Labels uint8 (n,) of an idx file; raises `DataError` for anything else."""
    return _read(path, "labels", LABELS_MAGIC, ())


def unpacked(data: bytes) -> bytes:
    """`data`, decompressed if it is gzipped; raises `OSError`, `EOFError` or `zlib.error`."""
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def content_sha256(data: bytes) -> str | None:
    """SHA-256 of the unpacked `data`, in hex digits; None if it is damaged."""
    try:
        return hashlib.sha256(unpacked(data)).hexdigest()
    except (OSError, EOFError, zlib.error):
        return None


def read_bytes(path: str | Path) -> bytes:
    """The content of a file; raises `DataError` if it cannot be read or is too large."""
    try:
        return read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({in_words(error)}); make it a readable file."
        ) from None


def _read(path: str | Path, kind: str, magic: int, item_shape: tuple[int, ...]) -> np.ndarray:
    try:
        content = unpacked(read_bytes(path))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is not an intact gzip file ({in_words(error)}); get the original file again."
        ) from None
    header_size = 4 * (2 + len(item_shape))
    header = np.frombuffer(content[:header_size].ljust(header_size, b"\0"), ">u4")
    found, n_items, *shape = header.tolist()
    expected = header_size + n_items * math.prod(item_shape)
    if found != magic or tuple(shape) != item_shape or len(content) != expected:
        wanted = " of 28 x 28 pixels" if item_shape else ""
        raise DataError(
            f"{path} is not an idx file of {kind}{wanted}: it has the magic number 0x{found:08x} "
            f"(0x{magic:08x} expected), the sizes {[n_items, *shape]} and {len(content):,} bytes; "
            "get the original file again."
        )
    items = np.frombuffer(content, np.uint8, offset=header_size).copy()  # writable
    return items.reshape(n_items, -1) if item_shape else items
