"""A set of digits in memory and its file."""

import os

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


@pytest.mark.parametrize(
    ("sizes", "split", "held"),
    [((6, 1), "train", 5), ((1, 4), "test", 3), ((0, 1), "train", 5), ((1, -1), "test", 3)],
)
def test_first_refuses_what_is_not_there_and_says_how_many_are(sizes, split, held):
    said = refusal(lambda: make_digits().first(*sizes), DataError)
    assert f"{split} digits of mnist" in said and f"it has {held};" in said


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


def small_images(n_train_pixels, n_test_pixels):
    arrays = arrays_of(make_digits())
    arrays["train_images"] = np.ascontiguousarray(arrays["train_images"][:, :n_train_pixels])
    arrays["test_images"] = np.ascontiguousarray(arrays["test_images"][:, :n_test_pixels])
    return Digits("my own", **arrays)


@pytest.mark.parametrize("n_pixels", [1, 16])
def test_images_of_another_size_are_kept(tmp_path, n_pixels):
    digits = small_images(n_pixels, n_pixels)
    assert digits.first(2, 2).train_images.shape == (2, n_pixels)
    save_digits(tmp_path / "own.npz", digits)
    assert_same(read_digits(tmp_path / "own.npz"), digits)


def test_images_of_two_sizes_are_refused():
    message = "training images of my own have 16 pixels but its test images have 9; give both"
    assert message in refusal(lambda: small_images(16, 9), DataError)


def test_images_without_pixels_are_refused():
    assert "uint8 of shape (5, 0); give uint8 of shape (n, pixels)" in refusal(
        lambda: small_images(0, 0), DataError
    )


def test_the_hash_is_that_of_the_shape_too():
    arrays = {"train_labels": np.zeros(1, np.uint8), "test_labels": np.zeros(1, np.uint8)}
    hashes = set()
    for n_pixels in (4, 6):
        images = np.zeros((1, n_pixels), np.uint8)
        digits = Digits("zeros", train_images=images, test_images=images, **arrays)
        hashes.add(digits.sha256())
    assert len(hashes) == 2


def test_labels_above_nine_are_refused():
    arrays = arrays_of(make_digits()) | {"test_labels": np.array([0, 10, 9], dtype=np.uint8)}
    with pytest.raises(DataError, match="a label 10 in the test set of mnist"):
        Digits("mnist", **arrays)


def test_the_hash_is_that_of_the_content():
    assert make_digits().sha256() == make_digits().sha256()
    assert len(make_digits().sha256()) == 64
    assert make_digits().first(4, 3).sha256() != make_digits().sha256()
    for key in arrays_of(make_digits()):
        changed = make_digits()
        array = getattr(changed, key)
        array[-1] = (array[-1] + 1) % 10
        assert changed.sha256() != make_digits().sha256(), key


def test_the_hash_tells_the_two_sets_apart():
    digits = make_digits(3, 3)
    swapped = Digits(
        "mnist", digits.test_images, digits.test_labels, digits.train_images, digits.train_labels
    )
    assert swapped.sha256() != digits.sha256()


# --- on disk


def test_round_trip(tmp_path):
    digits = make_digits()
    path = tmp_path / "folder" / "digits.npz"
    save_digits(path, digits)
    assert_same(read_digits(path), digits)
    assert read_digits(path).sha256() == digits.sha256()
    assert os.listdir(path.parent) == ["digits.npz"]


def test_the_same_digits_give_the_same_file(tmp_path):
    for name in ("a", "b"):
        save_digits(tmp_path / name, make_digits())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_failed_save_keeps_the_old_file_and_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "digits.npz"
    save_digits(path, make_digits())
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space left"):
        save_digits(path, make_digits(seed=1))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["digits.npz"]


def test_a_missing_file_and_a_folder(tmp_path):
    said = refusal(lambda: read_digits(tmp_path / "nowhere.npz"), DataError)
    assert "nowhere.npz is missing; prepare it" in said
    assert "not a complete digits file" in refusal(lambda: read_digits(tmp_path), DataError)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_labels": None}, "missing 1 required positional argument: 'train_labels'"),
        ({"extra": np.zeros(1)}, "unexpected keyword argument 'extra'"),
        ({"name": np.array([{}], dtype=object)}, "Object arrays cannot be loaded"),
        ({"train_images": np.zeros((5, 784))}, "are float64 of shape"),
        ({"test_labels": np.array([1, 2, 77], np.uint8)}, "label 77"),
    ],
)
def test_a_file_with_other_content(tmp_path, change, message):
    path = tmp_path / "digits.npz"
    members = arrays_of(make_digits()) | {"name": np.array("mnist")} | change
    np.savez(path, **{k: v for k, v in members.items() if v is not None})
    text = refusal(lambda: read_digits(path), DataError)
    assert message in text and str(path) in text and "delete it and prepare it again" in text


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_digits_file(tmp_path, content):
    path = tmp_path / "digits.npz"
    path.write_bytes(content)
    assert "not a complete digits file" in refusal(lambda: read_digits(path), DataError)


def test_a_truncated_file_is_refused_and_a_damaged_one_too(tmp_path):
    path = tmp_path / "digits.npz"
    save_digits(path, make_digits(2, 1))
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(DataError, match="delete it and prepare it again"):
        read_digits(path)
    middle = len(content) // 4  # among the training images, which have a checksum
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    with pytest.raises(DataError, match="delete it and prepare it again"):
        read_digits(path)
