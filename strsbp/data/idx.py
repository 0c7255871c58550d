"""The idx format of MNIST: gzipped, a big-endian header, then bytes."""

import gzip
import io
import struct
import zlib
from pathlib import Path

import numpy as np

from strsbp.errors import DataError

IMAGES_MAGIC, LABELS_MAGIC = 0x00000803, 0x00000801
SIDE = 28
LARGEST_COUNT = 1_000_000
"""Images that a file may promise; the real sets hold at most 60,000."""


def decompressed(data: bytes, name: str, limit: int = 16 + LARGEST_COUNT * SIDE * SIDE) -> bytes:
    """The content of gzipped `data`, at most `limit` bytes; `DataError` naming `name`."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{name} is not a whole gzip file ({str(error).rstrip('.')}); fetch it again."
        ) from None
    if len(content) > limit:
        raise DataError(f"{name} holds more than {limit:,} bytes; it is not a file of this set.")
    return content


def _header(content: bytes, name: str, magic: int, n_sizes: int) -> tuple[int, ...]:
    length = 4 * (1 + n_sizes)
    if len(content) < length:
        raise DataError(
            f"{name} ends after {len(content)} bytes, inside its header of {length}; fetch it again."
        )
    found, *sizes = struct.unpack(f">{1 + n_sizes}I", content[:length])
    if found != magic:
        raise DataError(
            f"{name} begins with magic number {found:#010x} where {magic:#010x} was expected; "
            "check that images and labels were not mixed up."
        )
    return tuple(sizes)


def _check_length(content: bytes, name: str, expected: int, count: int, what: str) -> None:
    if len(content) != expected:
        raise DataError(
            f"{name} promises {count:,} {what}, which take {expected:,} bytes, but holds "
            f"{len(content):,}; it is truncated or altered, fetch it again."
        )


def parse_images(content: bytes, name: str) -> np.ndarray:
    """Images (n, 784) uint8 from the decompressed content of an idx file; `DataError`."""
    count, height, width = _header(content, name, IMAGES_MAGIC, 3)
    if (height, width) != (SIDE, SIDE):
        raise DataError(
            f"{name} holds images of {height} x {width} pixels where {SIDE} x {SIDE} were expected."
        )
    _check_length(content, name, 16 + count * SIDE * SIDE, count, "images")
    return np.frombuffer(content, dtype=np.uint8, offset=16).reshape(count, SIDE * SIDE)


def parse_labels(content: bytes, name: str) -> np.ndarray:
    """Labels (n,) uint8 in 0 .. 9 from the decompressed content of an idx file; `DataError`."""
    (count,) = _header(content, name, LABELS_MAGIC, 1)
    _check_length(content, name, 8 + count, count, "labels")
    labels = np.frombuffer(content, dtype=np.uint8, offset=8)
    if count and labels.max() > 9:
        position = int(np.argmax(labels > 9))
        raise DataError(
            f"{name}: label number {position} is {labels[position]}; labels must lie in 0 .. 9."
        )
    return labels


def read_compressed(path: str | Path) -> bytes:
    """The bytes of a file; `DataError` where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
