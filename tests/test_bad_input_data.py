"""Digits in files that are damaged, lie or swell: refused in one sentence, without the memory."""

import gzip
import io
import json
import struct
import zipfile

import numpy as np
import pytest
from bad_input import (
    NO_FILES,
    TEXTS,
    attempt,
    changed_tree,
    damaged,
    examples,
    no_file,
    one_sentence,
    peak_memory,
    refusal,
)
from hypothesis import given
from hypothesis import strategies as st

from strsbp.data import (
    DATASET_NAMES,
    Digits,
    dataset,
    load_dataset,
    prepared,
    read_digits,
    save_digits,
)
from strsbp.data.dataset import LARGEST_SET
from strsbp.data.idx import parse_images, parse_labels, read_bytes
from strsbp.errors import DataError

RNG = np.random.default_rng(1)
DIGITS = Digits(
    "mnist5k",
    RNG.integers(0, 256, (3, 9), dtype=np.uint8),
    np.array([1, 2, 9], np.uint8),
    RNG.integers(0, 256, (2, 9), dtype=np.uint8),
    np.array([0, 3], np.uint8),
)
MEMORY = 16 << 20
"""Bytes that reading a small file may take at most, whatever it promises."""


def idx(magic, sizes, payload) -> bytes:
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + payload


sizes = st.sampled_from([0, 1, 2, 27, 28, 29, 60_000, 100_001, 2**31, 2**32 - 1])


@examples(150)
@given(
    magic=st.sampled_from([0x803, 0x801, 0x804, 0xD03, 0]),
    header=st.lists(sizes, max_size=4),
    payload=st.binary(max_size=40) | st.just(bytes(784)) | st.just(bytes(2 * 784)),
    cut=st.integers(0, 30),
)
def test_any_idx_header_is_true_or_refused(magic, header, payload, cut):
    content = idx(magic, header, payload)
    data = gzip.compress(content, mtime=0)
    data = data[: len(data) - cut] if cut < 25 else data
    images = attempt(lambda: parse_images(data, "f.gz"), DataError)
    labels = attempt(lambda: parse_labels(data, "f.gz"), DataError)
    if images is not None:
        assert header == [len(images), 28, 28] and images.tobytes() == payload
    if labels is not None:
        assert header == [len(labels)] and labels.tobytes() == payload and labels.max() <= 9


@pytest.mark.parametrize("n", [2**31, 2**32 - 1, 100_000])
def test_a_header_that_promises_too_many_images_takes_no_memory(n, tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx(0x803, [n, 28, 28], bytes(784))))
    call = lambda: refusal(lambda: parse_images(read_bytes(path), "images.gz"))  # noqa: E731
    assert peak_memory(call) < MEMORY


def test_gzip_in_gzip_and_many_members_stay_small():
    bomb = gzip.compress(gzip.compress(bytes(30_000_000), 1), 9)
    many = gzip.compress(b"") * 2000 + gzip.compress(bytes(30_000_000), 1) * 3
    for data in (bomb, many):
        assert peak_memory(lambda d=data: refusal(lambda: parse_images(d, "f.gz"))) < MEMORY


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A digits file, as bytes."""
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    save_digits(path, DIGITS)
    return path.read_bytes()


@examples(120)
@given(data=st.data())
def test_any_damage_to_a_digits_file_is_seen(saved, tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged-digits.npz"
    path.write_bytes(data.draw(damaged(saved) | st.binary(max_size=60)))
    digits = attempt(lambda: read_digits(path), DataError)
    assert digits is None or digits.sha256() == DIGITS.sha256()


def archive(members: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return file.getvalue()


def npy(array=None, **header) -> bytes:
    """An array as a member of a .npz; `header` overrides what it says of itself."""
    file = io.BytesIO()
    array = np.zeros(1, np.uint8) if array is None else array
    true = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(file, true | header)
    return file.getvalue() + array.tobytes()


MEMBERS = {
    f"{name}.npy": npy(np.asarray(getattr(DIGITS, name)))
    for name in ("name", "train_images", "train_labels", "test_images", "test_labels")
}


@examples(120)
@given(
    key=st.sampled_from([*MEMBERS]),
    shape=st.lists(
        st.sampled_from([0, 1, 2, 3, 9, -1, 2**31, 2**62, 2**70, True, 1.5, "a", None]), max_size=3
    ),
    descr=st.sampled_from(["|u1", "<f8", "|O", "<U0", "<U5", "|V0", "|S3", ">i4", "|b1", "<M8[s]",
                           "nonsense", [("a", "<i4")], 7]),
    fortran=st.booleans(),
)  # fmt: skip
def test_any_header_of_a_member_is_true_or_refused(tmp_path_factory, key, shape, descr, fortran):
    header = repr(dict(descr=descr, fortran_order=fortran, shape=tuple(shape))).encode() + b"\n"
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(27)
    path = tmp_path_factory.getbasetemp() / "header.npz"
    path.write_bytes(archive(MEMBERS | {key: member}))
    digits = None

    def read():
        nonlocal digits
        digits = attempt(lambda: read_digits(path), DataError)

    assert peak_memory(read) < MEMORY
    assert digits is None or digits.train_images.dtype == np.uint8


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (archive(MEMBERS | {"name.npy": npy(np.array("a\nb"))}), "no short text"),
        (archive(MEMBERS | {"name.npy": npy(np.array("x" * 500))}), "no short text"),
        (archive(MEMBERS | {"../name.npy": b""}), "not a whole digits file"),
        (archive(MEMBERS, zipfile.ZIP_BZIP2), "compressed in another way"),
        (archive(MEMBERS, zipfile.ZIP_LZMA), "compressed in another way"),
        (archive(MEMBERS | {"name.npy": b"\x93NUMPY\x09\x00" + bytes(20)}), "not known|magic"),
        (b"PK\x05\x06" + bytes(18), "must hold exactly"),
    ],
)
def test_archives_that_numpy_does_not_write(tmp_path, content, words):
    path = tmp_path / "digits.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as error:
        read_digits(path)
    one_sentence(error.value)


def test_a_member_that_swells_is_not_unpacked(tmp_path, monkeypatch):
    assert LARGEST_SET < 2 << 30
    monkeypatch.setattr(dataset, "LARGEST_SET", 1 << 25)
    path = tmp_path / "digits.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
        target.open("train_images.npy", "w", force_zip64=True) as file,
    ):
        file.write(bytes(1 << 26))
    assert path.stat().st_size < 1_000_000
    assert peak_memory(lambda: refusal(lambda: read_digits(path))) < MEMORY


def test_a_size_that_the_directory_understates_is_refused(saved, tmp_path):
    """The sizes in a zip file stand apart from its data, and may be another's."""
    content = bytearray(archive({"train_images.npy": npy(np.zeros(40_000_000, np.uint8))}))
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 200)
    path = tmp_path / "digits.npz"
    path.write_bytes(content)
    assert peak_memory(lambda: refusal(lambda: read_digits(path))) < MEMORY


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    """Path of a description with its images beside it."""
    path = tmp_path_factory.mktemp("prepared") / "mnist5k.json"
    prepared.write_prepared(DIGITS, path.with_suffix(".npz"), path)
    return path


@examples(80)
@given(data=st.data())
def test_any_description_of_prepared_digits(description, data):
    path = description
    described = prepared.describe(DIGITS)
    text = data.draw(
        changed_tree(described).map(json.dumps) | TEXTS | st.just("[" * 3000), label="json"
    )
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    digits = attempt(lambda: prepared.read_prepared(path), DataError)
    assert digits is None or json.loads(text) == described


@examples(60)
@given(name=TEXTS.filter(lambda name: name not in DATASET_NAMES))
def test_any_name_of_a_data_set(name):
    text = refusal(lambda: load_dataset(name), DataError)
    assert "name one of mnist5k" in text


@examples(60)
@given(name=TEXTS)
def test_any_name_of_a_folder(tmp_path_factory, name):
    refusal(lambda: load_dataset("mnist", f"{tmp_path_factory.getbasetemp()}/none/{name}"))


@pytest.mark.parametrize("read", [read_bytes, read_digits, prepared.read_prepared])
@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_neither_hangs_nor_fills_the_memory(read, kind, tmp_path):
    path = no_file(tmp_path, kind)
    refusal(lambda: read(path), DataError)
