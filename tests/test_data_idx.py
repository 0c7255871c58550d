"""Idx files, gzipped or not, whole and broken."""

import gzip
import hashlib
import struct

import numpy as np
import pytest
from refusals import refusal

from strsbp.data.idx import content_sha256, read_images, read_labels
from strsbp.errors import DataError

PIXELS = bytes(i % 256 for i in range(2 * 784))
IMAGES = struct.pack(">4I", 0x803, 2, 28, 28) + PIXELS
LABELS = struct.pack(">2I", 0x801, 3) + bytes([9, 0, 4])


@pytest.fixture
def write(tmp_path):
    """Function that writes the idx file `content`, gzipped, and returns its path."""

    def written(content, cut=0):
        data = gzip.compress(content)
        (tmp_path / "file.gz").write_bytes(data[: len(data) - cut])
        return tmp_path / "file.gz"

    return written


def test_whole_files(write):
    images, labels = read_images(write(IMAGES)), read_labels(write(LABELS))
    assert images.dtype == np.uint8 and images.shape == (2, 784) and images.flags.c_contiguous
    assert images.tobytes() == PIXELS
    assert labels.dtype == np.uint8 and labels.tolist() == [9, 0, 4]
    images[0, 0] = labels[0] = 1  # both can be written


def test_an_unpacked_file(tmp_path):
    (tmp_path / "labels").write_bytes(LABELS)
    assert read_labels(tmp_path / "labels").tolist() == [9, 0, 4]


@pytest.mark.parametrize(
    ("read", "content", "words"),
    [
        (read_images, LABELS, "0x00000801 (0x00000803 expected)"),
        (read_images, b"\0\0\x0d" + IMAGES[3:], "0x00000d03 (0x00000803 expected)"),
        (read_labels, IMAGES, "0x00000803 (0x00000801 expected)"),
        (read_images, IMAGES[:-1], "and 1,583 bytes"),
        (read_images, IMAGES + b"\0", "and 1,585 bytes"),
        (read_labels, LABELS[:-1], "and 10 bytes"),
        (read_images, struct.pack(">4I", 0x803, 2, 28, 27) + PIXELS, "the sizes [2, 28, 27]"),
        (read_images, IMAGES[:9], "and 9 bytes"),
        (read_labels, b"", "and 0 bytes"),
    ],
)
def test_other_content_is_refused(write, read, content, words):
    said = refusal(lambda: read(write(content)), DataError)
    assert words in said and "file.gz is not an idx file" in said


@pytest.mark.parametrize("cut", [1, 8, 300])
def test_a_truncated_file_is_refused(write, cut):
    said = refusal(lambda: read_images(write(IMAGES, cut)), DataError)
    assert "is not an intact gzip file" in said and "get the original file again" in said


def test_a_web_page_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "page.gz").write_text("<html>Not found</html>")
    assert "not an idx file" in refusal(lambda: read_images(tmp_path / "page.gz"), DataError)
    assert "cannot be read (No such" in refusal(lambda: read_images(tmp_path / "no.gz"), DataError)


def test_the_hash_of_the_content_is_that_of_the_decompressed_bytes():
    whole = gzip.compress(IMAGES, 1)
    assert content_sha256(whole) == content_sha256(gzip.compress(IMAGES, 9))
    assert content_sha256(whole) == content_sha256(IMAGES) == hashlib.sha256(IMAGES).hexdigest()
    broken_checksum = whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]
    bad_block = whole[:10] + b"\xff" + whole[11:]  # a kind of block that deflate does not have
    for data in (whole[:-1], whole[:300], broken_checksum, bad_block):
        assert content_sha256(data) is None, data[:20]
