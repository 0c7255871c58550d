"""Prepared digits: images and their description, and images that are made again."""

import json

import numpy as np
import pytest

from strsbp.data import Digits, prepared
from strsbp.data.prepared import describe, read_prepared, write_prepared
from strsbp.errors import DataError


@pytest.fixture
def digits():
    images = np.random.default_rng(1).integers(0, 256, (6, 9)).astype(np.uint8)
    labels = np.arange(6).astype(np.uint8)
    return Digits("mnist5k", images[:4], labels[:4], images[4:], labels[4:])


@pytest.fixture
def paths(tmp_path, digits):
    images, description = tmp_path / "mnist5k.npz", tmp_path / "mnist5k.json"
    write_prepared(digits, images, description)
    return images, description


def test_what_was_written_is_read(paths, digits):
    assert read_prepared(paths[1]).sha256() == digits.sha256()
    assert json.loads(paths[1].read_text()) == describe(digits)
    assert describe(digits) | dict(sha256="") == dict(
        dataset="mnist5k", n_train=4, n_test=2, n_pixels=9, sha256=""
    )


def test_missing_images_are_made_again(paths, digits, monkeypatch):
    asked = []

    def load_dataset(name, local_dir):
        asked.append((name, local_dir))
        return digits

    monkeypatch.setattr(prepared, "load_dataset", load_dataset)
    before = paths[0].read_bytes()
    paths[0].unlink()
    assert read_prepared(paths[1], "folder").sha256() == digits.sha256()
    assert asked == [("mnist5k", "folder")]
    assert len(paths[0].read_bytes()) == len(before)


def test_other_images_are_refused(paths, digits, monkeypatch):
    other = Digits("mnist5k", digits.train_images ^ 1, digits.train_labels,
                   digits.test_images, digits.test_labels)  # fmt: skip
    monkeypatch.setattr(prepared, "load_dataset", lambda name, local_dir: other)
    paths[0].unlink()
    with pytest.raises(DataError, match="do not match"):
        read_prepared(paths[1])
    assert not paths[0].exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", "{"])
def test_a_damaged_description_ends_in_one_sentence(paths, text):
    paths[1].write_text(text)
    with pytest.raises(DataError, match="does not describe a data set"):
        read_prepared(paths[1])
