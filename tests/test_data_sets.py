"""The data sets by name: the embedded digits, the table of sources, and the real files."""

import os
from pathlib import Path

import numpy as np
import pytest

from strsbp.data import embedded, load_dataset
from strsbp.data.idx import FILE_NAMES
from strsbp.errors import DataError


@pytest.fixture(scope="module")
def mnist5k():
    """Read once, because that takes seconds."""
    return load_dataset("mnist5k")


@pytest.fixture
def data_dir() -> Path:
    folder = os.environ.get("STRSBP_DATA_DIR")
    if not folder:
        pytest.skip("STRSBP_DATA_DIR names no folder with the real idx files")
    return Path(folder)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match="no data set 'MNIST'; name one of mnist5k, mnist, fashion"):
        load_dataset("MNIST")


def test_other_embedded_digits_are_refused(monkeypatch):
    x, y = np.zeros((5000, 784)), np.repeat(np.arange(10), 500)
    monkeypatch.setattr(embedded, "mnist_data", lambda: (x, y))
    with pytest.raises(DataError, match="gives other digits than expected"):
        embedded.load_mnist5k()


# --- the real files


def _real(name, folder):
    if not any((folder / part / FILE_NAMES[0]).exists() for part in ("", name)):
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
