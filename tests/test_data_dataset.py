"""A set of digits in memory and its file."""

import os
from dataclasses import replace

import numpy as np
import pytest
from refusals import refusal

from strsbp.data import Digits, read_digits, save_digits
from strsbp.errors import DataError


def make_digits(n_train=5, n_test=3, seed=0) -> Digits:
    rng = np.random.default_rng(seed)

    def split(n):
        images = rng.integers(0, 256, (n, 784), dtype=np.uint8)
        return images, rng.integers(0, 10, n, dtype=np.uint8)

    return Digits("mnist", *split(n_train), *split(n_test))


def arrays_of(digits: Digits) -> dict:
    keys = ("train_images", "train_labels", "test_images", "test_labels")
    return {key: getattr(digits, key) for key in keys}


def assert_same(one: Digits, other: Digits):
    assert one.name == other.name
    for key, array in arrays_of(one).items():
        np.testing.assert_array_equal(array, getattr(other, key))
        assert getattr(other, key).dtype == np.uint8


# --- in memory


def test_first_keeps_the_order_and_the_pairs():
    digits = make_digits()
    assert digits.test_labels[0] != digits.test_labels[-1]
    part = digits.first(2, 2)
    assert_same(part, Digits("mnist", **{k: a[:2] for k, a in arrays_of(digits).items()}))
    assert_same(digits.first(5, 3), digits)


def test_the_validation_set_is_the_end_of_the_training_set():
    digits = make_digits()
    part = digits.first(2, 2, 3)
    assert (part.n_test, part.n_validation) == (2, 3)
    np.testing.assert_array_equal(part.train_labels, digits.train_labels[:2])
    np.testing.assert_array_equal(part.test_images[:2], digits.test_images[:2])
    np.testing.assert_array_equal(part.test_images[2:], digits.train_images[2:])
    np.testing.assert_array_equal(part.test_labels[2:], digits.train_labels[2:])
    said = refusal(lambda: digits.first(2, 2, 4), DataError)
    assert "only 3 training digits are left" in said


@pytest.mark.parametrize(("sizes", "held"), [((6, 3), 5), ((5, 4), 3), ((0, 3), 5)])
def test_more_digits_than_there_are_is_an_error(sizes, held):
    said = refusal(lambda: make_digits().first(*sizes), DataError)
    assert "were asked for, but it has" in said and said.endswith(f"from 1 to {held}.")


def test_a_label_beyond_the_classes_is_refused():
    arrays = arrays_of(make_digits())
    arrays["test_labels"][0] = 10
    assert "There is a label 10" in refusal(lambda: Digits("mnist", **arrays), DataError)


@pytest.mark.parametrize("key", ["train_images", "test_labels"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.astype(np.float32), "are float32 of shape"),
        (lambda a: a[None], "of shape (1, "),
        (lambda a: a[:0], "not empty"),
        (lambda a: a[:-1], "images but"),
    ],
)
def test_wrong_arrays_are_refused(key, change, message):
    arrays = arrays_of(make_digits())
    arrays[key] = change(arrays[key])
    said = refusal(lambda: Digits("mnist", **arrays), DataError)
    assert message in said and key.split("_")[0] in said


def test_the_hash_is_that_of_content_and_shape():
    digits = make_digits()
    assert make_digits().sha256() == digits.sha256()
    assert digits.first(4, 3).sha256() != digits.sha256()
    for key, array in arrays_of(digits).items():
        changed = array.copy()
        changed[-1] = (array[-1] + 1) % 10
        assert replace(digits, **{key: changed}).sha256() != digits.sha256(), key
    zeros, label = np.zeros((1, 6), np.uint8), np.zeros(1, np.uint8)
    black = [Digits("zeros", zeros[:, :n], label, zeros[:, :n], label) for n in (4, 6)]
    assert black[0].sha256() != black[1].sha256()


# --- on disk


def test_round_trip(tmp_path):
    digits = make_digits()
    path = tmp_path / "folder" / "digits.npz"
    save_digits(path, digits)
    assert_same(read_digits(path), digits)
    assert read_digits(path).sha256() == digits.sha256()
    assert os.listdir(path.parent) == ["digits.npz"]


def test_a_file_with_other_content(tmp_path):
    path = tmp_path / "digits.npz"
    save_digits(path, make_digits())
    path.write_bytes(path.read_bytes()[:-100])
    assert "delete it and prepare it again" in refusal(lambda: read_digits(path), DataError)
    np.savez(path, name=np.array("mnist"), train_images=np.zeros((5, 784), np.uint8))
    said = refusal(lambda: read_digits(path), DataError)
    assert "missing 3 required positional arguments: 'train_labels'" in said and str(path) in said
