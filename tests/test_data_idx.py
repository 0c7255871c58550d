"""Gzipped idx files, whole and broken."""

import gzip
import hashlib
import struct

import numpy as np
import pytest
from bad_input import peak_memory
from hypothesis import given, settings
from hypothesis import strategies as st

from strsbp.data.idx import (
    MAX_ITEMS,
    content_sha256,
    parse_images,
    parse_labels,
    read_idx_pair,
)
from strsbp.errors import DataError


def idx_images(images, *, magic=2051, n=None, rows=28, columns=28) -> bytes:
    """An idx file of `images`, not compressed; the header can lie."""
    n = len(images) if n is None else n
    return struct.pack(">4I", magic, n, rows, columns) + np.asarray(images, np.uint8).tobytes()


def idx_labels(labels, *, magic=2049, n=None) -> bytes:
    n = len(labels) if n is None else n
    return struct.pack(">2I", magic, n) + bytes(labels)


IMAGES = np.random.default_rng(3).integers(0, 256, (4, 784), dtype=np.uint8)
LABELS = [3, 0, 9, 7]


def refused(parse, data, message):
    """Parse `data`, and check the refusal: one sentence that names the file and what to do."""
    with pytest.raises(DataError, match=message) as error:
        parse(data, "some/file.gz")
    text = str(error.value)
    assert text.startswith("some/file.gz ") and text.endswith(".") and "\n" not in text
    assert ". " not in text and (
        "get the original file again" in text or "check that it is the right file" in text
    )


# --- whole files


def test_images_by_hand():
    content = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28])
    pixels = [i % 256 for i in range(2 * 784)]
    images = parse_images(gzip.compress(content + bytes(pixels)), "f")
    assert images.dtype == np.uint8 and images.shape == (2, 784) and images.flags.c_contiguous
    assert images.ravel().tolist() == pixels


def test_labels_by_hand():
    labels = parse_labels(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 4])), "f")
    assert labels.dtype == np.uint8 and labels.tolist() == [9, 0, 4]


def test_the_arrays_can_be_written():
    parse_images(gzip.compress(idx_images(IMAGES)), "f")[0, 0] = 1
    parse_labels(gzip.compress(idx_labels(LABELS)), "f")[0] = 1


def test_a_pair_of_files(tmp_path):
    (tmp_path / "images.gz").write_bytes(gzip.compress(idx_images(IMAGES)))
    (tmp_path / "labels.gz").write_bytes(gzip.compress(idx_labels(LABELS)))
    images, labels = read_idx_pair(tmp_path / "images.gz", tmp_path / "labels.gz")
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


# --- broken files


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"])
@pytest.mark.parametrize("parse", [parse_images, parse_labels])
def test_an_empty_or_cut_gzip_header(parse, data):
    refused(parse, data, "truncated|not an intact gzip file")


@pytest.mark.parametrize("parse", [parse_images, parse_labels])
def test_a_file_that_is_not_compressed(parse):
    refused(parse, idx_images(IMAGES), "not an intact gzip file .*Not a gzipped file")
    refused(parse, b"<html>404</html>", "not an intact gzip file")


@pytest.mark.parametrize("n_bytes", [0, 3, 8, 15])
def test_a_short_header(n_bytes):
    data = gzip.compress(idx_images(IMAGES)[:n_bytes])
    refused(parse_images, data, f"holds {n_bytes} bytes, less than the header of 16")


@pytest.mark.parametrize("cut", [1, 4, 9, 300, 2000])
def test_a_truncated_gzip_stream(cut):
    refused(parse_images, gzip.compress(idx_images(IMAGES))[:-cut], "truncated: its gzip stream")


def test_a_stream_with_a_wrong_checksum():
    data = bytearray(gzip.compress(idx_labels(LABELS)))
    data[-8] ^= 1
    refused(parse_labels, bytes(data), "CRC check failed")


def test_bytes_after_the_stream():
    refused(parse_labels, gzip.compress(idx_labels(LABELS)) + b"more", "not an intact gzip file")


@pytest.mark.parametrize("magic", [2049, 0, 0x0803 << 16, 0x0D03])
def test_a_wrong_magic_number_of_images(magic):
    data = gzip.compress(idx_images(IMAGES, magic=magic))
    refused(parse_images, data, f"0x{magic:08x} where a file of images has 0x00000803")


def test_images_where_labels_should_be():
    refused(
        parse_labels,
        gzip.compress(idx_images(IMAGES)),
        "0x00000803 where a file of labels has 0x00000801",
    )


@pytest.mark.parametrize("shape", [(28, 27), (27, 28), (56, 14), (0, 28), (2**31, 2**31)])
def test_images_of_another_size(shape):
    data = gzip.compress(idx_images(IMAGES, rows=shape[0], columns=shape[1]))
    refused(parse_images, data, f"images of {shape[0]} x {shape[1]} pixels, not 28 x 28")


def test_fewer_bytes_than_promised():
    refused(
        parse_images,
        gzip.compress(idx_images(IMAGES)[:-1]),
        "promises 4 images, that is 3,136 bytes, but holds only 3,135",
    )
    refused(parse_labels, gzip.compress(idx_labels(LABELS, n=5)), "5 bytes, but holds only 4")


def test_more_bytes_than_promised():
    refused(parse_images, gzip.compress(idx_images(IMAGES) + b"\0"), "3,136 bytes, but holds more")
    refused(parse_labels, gzip.compress(idx_labels(LABELS, n=3)), "3 bytes, but holds more")


@pytest.mark.parametrize("n", [0, MAX_ITEMS + 1, 2**31, 2**32 - 1])
def test_an_impossible_number_of_items(n):
    data = gzip.compress(idx_images(IMAGES, n=n))
    refused(parse_images, data, f"promises {n:,} images, but 1 to 100,000 are allowed")
    refused(parse_labels, gzip.compress(idx_labels(LABELS, n=n)), f"promises {n:,} labels")


@pytest.mark.parametrize("n", [MAX_ITEMS, 2**31])
def test_a_promise_alone_takes_no_memory(n):
    data = gzip.compress(idx_images(IMAGES, n=n))
    assert peak_memory(lambda: refused(parse_images, data, f"promises {n:,} images")) < 4_000_000


def test_a_small_file_that_expands_takes_no_memory():
    bomb = gzip.compress(idx_images(IMAGES) + bytes(50_000_000))
    assert peak_memory(lambda: refused(parse_images, bomb, "holds more")) < 4_000_000


@pytest.mark.parametrize("label", [10, 255])
def test_a_label_above_nine(label):
    data = gzip.compress(idx_labels([1, 2, label, 3]))
    refused(parse_labels, data, f"label {label} at position 2, but labels are 0 to 9")


def test_counts_that_differ(tmp_path):
    images, labels = tmp_path / "images.gz", tmp_path / "labels.gz"
    images.write_bytes(gzip.compress(idx_images(IMAGES)))
    labels.write_bytes(gzip.compress(idx_labels(LABELS[:3])))
    with pytest.raises(DataError, match="4 images but .*labels.gz holds 3 labels") as error:
        read_idx_pair(images, labels)
    assert str(images) in str(error.value) and "get both original files again" in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"nowhere.gz cannot be read \(No such file"):
        read_idx_pair(tmp_path / "nowhere.gz", tmp_path / "nowhere.gz")
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory"):
        read_idx_pair(tmp_path, tmp_path)


# --- the hash of the content


def test_the_hash_of_the_content_is_that_of_the_decompressed_bytes():
    raw = idx_images(IMAGES)
    for level in (1, 9):
        assert content_sha256(gzip.compress(raw, level)) == hashlib.sha256(raw).hexdigest()


def test_broken_or_overlong_content_has_no_hash():
    whole = gzip.compress(idx_images(IMAGES))
    broken_checksum = whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]
    bad_block = whole[:10] + b"\xff" + whole[11:]  # a kind of block that deflate does not have
    broken = (whole[:-1], whole[:300], broken_checksum, bad_block, whole + b"more")
    for data in (b"", b"<html>", *broken):
        assert content_sha256(data) is None, data[:20]
    limit = 16 + MAX_ITEMS * 784
    assert content_sha256(gzip.compress(bytes(limit), 1)) is not None
    assert content_sha256(gzip.compress(bytes(limit + 1), 1)) is None


def test_the_hash_of_a_small_file_that_expands_takes_no_memory():
    bomb = gzip.compress(bytes(50_000_000), 1)
    assert peak_memory(lambda: content_sha256(bomb)) < 8_000_000


# --- any file


@st.composite
def damaged(draw, raw):
    """`raw` or its compressed form with bytes changed, cut out or put in."""
    compressed_first = draw(st.booleans())
    data = bytearray(gzip.compress(raw, mtime=0) if compressed_first else raw)
    for _ in range(draw(st.integers(1, 4))):
        # Damage near the ends, where the headers and checksums are, is the most interesting.
        place = draw(st.integers(0, 24) | st.integers(0, len(data)) | st.integers(-12, -1))
        place = max(0, min(len(data) - 1, place if place >= 0 else len(data) + place))
        match draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del data[place : place + draw(st.integers(1, 50))]
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=20))
        if not data:
            break
    return bytes(data) if compressed_first else gzip.compress(bytes(data), mtime=0)


@settings(max_examples=400, deadline=None)
@given(data=damaged(idx_images(IMAGES[:2])) | st.binary(max_size=60))
def test_any_images_file_is_valid_or_refused(data):
    try:
        images = parse_images(data, "f.gz")
    except DataError as error:
        assert str(error).startswith("f.gz ") and str(error).endswith(".")
    else:
        assert images.dtype == np.uint8 and images.ndim == 2 and images.shape[1] == 784
        assert gzip.decompress(data) == idx_images(images)


@settings(max_examples=400, deadline=None)
@given(data=damaged(idx_labels(LABELS)) | st.binary(max_size=60))
def test_any_labels_file_is_valid_or_refused(data):
    try:
        labels = parse_labels(data, "f.gz")
    except DataError as error:
        assert str(error).startswith("f.gz ") and str(error).endswith(".")
    else:
        assert labels.dtype == np.uint8 and labels.max() <= 9
        assert gzip.decompress(data) == idx_labels(labels)
