"""Idx files, the format of MNIST, gzipped or not.

An idx file is a magic number, one size per dimension (all big-endian 32-bit), then the bytes:
0x00000803, n, height, width and the pixels for images; 0x00000801, n and the labels for labels.
The format is described on the MNIST home page (LeCun, Cortes and Burges).
"""

import gzip
import hashlib
import math
import zlib
from pathlib import Path

import numpy as np

from strsbp.errors import DataError, in_words

IMAGES_MAGIC, LABELS_MAGIC = 0x0803, 0x0801


def read_images(path: str | Path) -> np.ndarray:
    """Images uint8 (n, height * width) of an idx file; raises `DataError` for anything else."""
    return _read(path, "images", IMAGES_MAGIC)


def read_labels(path: str | Path) -> np.ndarray:
    """Labels uint8 (n,) of an idx file; raises `DataError` for anything else."""
    return _read(path, "labels", LABELS_MAGIC)


def gzipped_or_not(folder: Path, name: str) -> Path | None:
    """The file `name` (ending in .gz) in `folder`, or else its unpacked form; None without both."""
    paths = folder / name, folder / name.removesuffix(".gz")
    return next((path for path in paths if path.exists()), None)


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
    """The content of a file; raises `DataError` if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({in_words(error)}); make it a readable file."
        ) from None


def _read(path: str | Path, kind: str, magic: int) -> np.ndarray:
    try:
        content = unpacked(read_bytes(path))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is not an intact gzip file ({in_words(error)}); get the original file again."
        ) from None
    n_sizes = magic & 0xFF  # the last byte of the magic number
    header_size = 4 * (1 + n_sizes)
    header = np.frombuffer(content[:header_size].ljust(header_size, b"\0"), ">u4")
    found, *sizes = header.tolist()
    if found != magic or len(content) != header_size + math.prod(sizes):
        raise DataError(
            f"{path} is not an idx file of {kind}: it has the magic number 0x{found:08x} "
            f"(0x{magic:08x} expected), the sizes {sizes} and {len(content):,} bytes; "
            "get the original file again."
        )
    items = np.frombuffer(content, np.uint8, offset=header_size).copy()  # writable
    return items.reshape(sizes[0], math.prod(sizes[1:])) if n_sizes > 1 else items
