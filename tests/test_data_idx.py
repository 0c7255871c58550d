"""Idx files, gzipped or not, whole and broken."""

import gzip
import struct

import numpy as np
import pytest
from refusals import refusal

from strsbp.data.idx import read_idx
from strsbp.errors import DataError

PIXELS = bytes(i % 256 for i in range(2 * 784))
IMAGES = struct.pack(">4I", 0x803, 2, 28, 28) + PIXELS
LABELS = struct.pack(">2I", 0x801, 3) + bytes([9, 0, 4])


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_whole_files(tmp_path, packed):
    (tmp_path / "images").write_bytes(packed(IMAGES))
    (tmp_path / "labels").write_bytes(packed(LABELS))
    images, labels = read_idx(tmp_path / "images", 3), read_idx(tmp_path / "labels", 1)
    assert images.dtype == np.uint8 and images.shape == (2, 784) and images.flags.c_contiguous
    assert images.tobytes() == PIXELS
    assert labels.dtype == np.uint8 and labels.tolist() == [9, 0, 4]
    images[0, 0] = labels[0] = 1  # both can be written


@pytest.mark.parametrize(
    ("n_sizes", "content", "words"),
    [
        (3, LABELS, "of images: it has 11 bytes and the magic number 0x00000801"),
        (1, IMAGES, "of labels: it has 1,584 bytes and the magic number 0x00000803"),
        (3, IMAGES[:-1], "it has 1,583 bytes"),
        (3, IMAGES + b"\0", "it has 1,585 bytes"),
        (3, struct.pack(">4I", 0x803, 2, 28, 27) + PIXELS, "not a whole idx file"),
        (3, IMAGES[:9], "it has 9 bytes"),
        (1, b"", "it has 0 bytes"),
        (3, b"<html>Not found</html>", "not a whole idx file"),
        (3, gzip.compress(IMAGES, mtime=0)[:-1], "cannot be read (Compressed file ended before"),
        (3, gzip.compress(IMAGES, mtime=0)[:-8] + bytes(8), "cannot be read (CRC check failed"),
        (
            3,
            gzip.compress(IMAGES, mtime=0)[:10] + b"\xff" * 9,
            "cannot be read (Error -3 while decomp",
        ),
        (3, None, "cannot be read (No such file"),
    ],
)
def test_other_content_is_refused(tmp_path, n_sizes, content, words):
    path = tmp_path / "file.gz"
    if content is not None:
        path.write_bytes(content)
    said = refusal(lambda: read_idx(path, n_sizes), DataError)
    assert words in said and str(path) in said and "get the original file again" in said
