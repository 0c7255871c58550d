"""Idx files, the format of MNIST, gzipped or not.

An idx file is a magic number, one size per dimension (all big-endian 32-bit), then the bytes:
0x00000803, n, height, width and the pixels for images; 0x00000801, n and the labels for labels.
The format is described on the MNIST home page (LeCun, Cortes and Burges).
"""

import gzip
import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from strsbp.errors import DataError, in_words

FILE_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
"""Training images, training labels, test images, test labels."""


def find_file(folder: Path, name: str) -> Path | None:
    """The file `name` (ending in .gz) in `folder`, or else its unpacked form; None without both.

    Some copies of MNIST have unpacked files such as ``train-images.idx3-ubyte``.
    """
    unpacked = name.removesuffix(".gz")
    paths = (folder / one for one in (name, unpacked, unpacked.replace("-idx", ".idx")))
    return next((path for path in paths if path.is_file()), None)


def read_files(paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The arrays in four files, in the order of `FILE_NAMES`; raises `DataError`."""
    images, labels, test_images, test_labels = paths
    return (
        read_idx(images, 3), read_idx(labels, 1), read_idx(test_images, 3), read_idx(test_labels, 1)
    )  # fmt: skip


def read_idx(path: str | Path, n_sizes: int) -> np.ndarray:
    """The bytes of an idx file with `n_sizes` dimensions, uint8.

    Labels (one dimension) have the shape (n,), images (three) (n, height * width). Raises
    `DataError` for anything else.
    """
    content = read_content(path)
    header_size = 4 * (1 + n_sizes)
    header = np.frombuffer(content[:header_size].ljust(header_size, b"\0"), ">u4")
    magic, *sizes = header.tolist()
    if magic != 0x0800 + n_sizes or len(content) != header_size + math.prod(sizes):
        kind = "images" if n_sizes == 3 else "labels"
        raise DataError(
            f"{path} is not a whole idx file of {kind}: it has {len(content):,} bytes and the "
            f"magic number 0x{magic:08x}; get the original file again."
        )
    items = np.frombuffer(content, np.uint8, offset=header_size).copy()  # writable
    return items.reshape(sizes[0], math.prod(sizes[1:])) if n_sizes > 1 else items


def read_content(path: str | Path) -> bytes:
    """The content of a file, decompressed if it is gzipped; raises `DataError`."""
    try:
        data = Path(path).read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read ({in_words(error)}); get the original file again."
        ) from None
