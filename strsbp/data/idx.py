"""Gzipped idx files, the format of MNIST, read strictly.

An idx file is a magic number, one size for each dimension (both big-endian 32-bit), then the
bytes: 0x00000803, n, 28, 28 and n * 784 pixels for images, 0x00000801, n and n labels for labels.
The format is described on the home page of MNIST (LeCun, Cortes and Burges).
"""

import gzip
import hashlib
import io
import zlib
from pathlib import Path

import numpy as np

from strsbp.data.dataset import N_CLASSES, N_PIXELS
from strsbp.errors import DataError
from strsbp.files import read_bounded

IMAGES_MAGIC = 0x0803
LABELS_MAGIC = 0x0801
MAX_ITEMS = 100_000
"""The most images or labels that a file may hold; the known sets have 60,000 at most."""

LARGEST_FILE = 100_000_000
"""Bytes of a file: more than `MAX_ITEMS` images that do not compress at all."""

_CHUNK_SIZE = 1 << 20
_FETCH_AGAIN = "get the original file again"


def parse_images(data: bytes, name: str) -> np.ndarray:
    """Images of the gzipped idx file whose content is `data`: uint8 (n, 784).

    `name` stands for the file in messages. Raises `DataError` for anything but a whole file of
    1 to 100,000 images of 28 x 28 pixels; memory stays bounded whatever the header promises.
    """
    return _parse(data, name, "images", IMAGES_MAGIC, (28, 28)).reshape(-1, N_PIXELS)


def parse_labels(data: bytes, name: str) -> np.ndarray:
    """Labels of the gzipped idx file whose content is `data`: uint8 (n,), each 0..9.

    Raises `DataError` as `parse_images` does, and for a label above 9.
    """
    labels = _parse(data, name, "labels", LABELS_MAGIC, ())
    wrong = np.flatnonzero(labels >= N_CLASSES)
    if len(wrong):
        raise DataError(
            f"{name} holds the label {labels[wrong[0]]} at position {wrong[0]}, but labels are 0 "
            f"to {N_CLASSES - 1}; {_FETCH_AGAIN}."
        )
    return labels


def read_idx_pair(images_path: str | Path, labels_path: str | Path):
    """Images uint8 (n, 784) and their labels uint8 (n,) from two gzipped idx files.

    Raises `DataError` for an unreadable or invalid file and where the two counts differ.
    """
    images = parse_images(read_bytes(images_path), str(images_path))
    labels = parse_labels(read_bytes(labels_path), str(labels_path))
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images)} images but {labels_path} holds {len(labels)} "
            f"labels, and the counts must be equal; get both original files again."
        )
    return images, labels


def content_sha256(data: bytes) -> str | None:
    """SHA-256 of what the gzipped `data` hold, in hex digits.

    None where they are no intact gzip stream, or hold more than any file that is read here may;
    memory stays bounded.
    """
    if not data:  # GzipFile takes nothing for an empty stream
        return None
    digest = hashlib.sha256()
    left = 16 + MAX_ITEMS * N_PIXELS
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while chunk := file.read(_CHUNK_SIZE):
                left -= len(chunk)
                if left < 0:
                    return None
                digest.update(chunk)
    except (OSError, EOFError, zlib.error):
        return None
    return digest.hexdigest()


def read_bytes(path: str | Path) -> bytes:
    """The content of a file; raises `DataError` when it cannot be read or is too large."""
    try:
        return read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); make it a readable file."
        ) from None


def _parse(data: bytes, name: str, kind: str, magic: int, item_shape: tuple[int, ...]):
    """The payload of an idx file: uint8, flat, writable."""
    item_size = int(np.prod(item_shape, dtype=int))
    header_size = 4 * (2 + len(item_shape))
    try:
        # GzipFile checks the checksum and the length at the end of the stream.
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            header = file.read(header_size)
            n_items = _check_header(header, header_size, name, kind, magic, item_shape)
            expected = n_items * item_size
            payload = _read_up_to(file, expected + 1)
    except EOFError:
        raise DataError(
            f"{name} is truncated: its gzip stream ends too early; {_FETCH_AGAIN}."
        ) from None
    except (OSError, zlib.error) as error:
        reason = str(error).split("\n")[0].strip(" .")
        raise DataError(f"{name} is not an intact gzip file ({reason}); {_FETCH_AGAIN}.") from None
    if len(payload) != expected:
        held = f"only {len(payload):,}" if len(payload) < expected else "more"
        raise DataError(
            f"{name} promises {n_items:,} {kind}, that is {expected:,} bytes, but holds {held}; "
            f"{_FETCH_AGAIN}."
        )
    return np.frombuffer(payload, dtype=np.uint8)


def _read_up_to(file, limit: int) -> bytearray:
    """At most `limit` bytes; memory grows with what is there, not with `limit`."""
    content = bytearray()
    while chunk := file.read(min(_CHUNK_SIZE, limit - len(content))):
        content += chunk
    return content


def _check_header(header: bytes, size: int, name: str, kind: str, magic: int, item_shape) -> int:
    """Number of items that a sound header promises."""
    if len(header) < size:
        raise DataError(
            f"{name} is truncated: it holds {len(header)} bytes, less than the header of "
            f"{size}; {_FETCH_AGAIN}."
        )
    found, n_items, *shape = np.frombuffer(header, dtype=">u4").tolist()
    if found != magic:
        raise DataError(
            f"{name} starts with the magic number 0x{found:08x} where a file of {kind} has "
            f"0x{magic:08x}; check that it is the right file."
        )
    if tuple(shape) != item_shape:
        raise DataError(
            f"{name} holds {kind} of {' x '.join(map(str, shape))} pixels, not "
            f"{' x '.join(map(str, item_shape))}; check that it is the right file."
        )
    if not 1 <= n_items <= MAX_ITEMS:
        raise DataError(
            f"{name} promises {n_items:,} {kind}, but 1 to {MAX_ITEMS:,} are allowed; "
            f"{_FETCH_AGAIN}."
        )
    return n_items
