"""A data set of labelled images, and its file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.errors import CheckpointError, DataError

N_CLASSES = 10
_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Digits:
    """Training and test images of ten classes.

    Images are (n, n_pixels) uint8, row by row; labels (n,) uint8 in 0 .. 9. Raises `DataError`
    where shapes, types, counts or labels contradict this.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __post_init__(self):
        for part in ("train", "test"):
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            if images.dtype != np.uint8 or labels.dtype != np.uint8:
                raise DataError(
                    f"{self.name}: the {part} images are {images.dtype} and the labels "
                    f"{labels.dtype}; both must be uint8."
                )
            if images.ndim != 2 or labels.ndim != 1 or len(labels) == 0:
                raise DataError(
                    f"{self.name}: the {part} images have shape {images.shape} and the labels "
                    f"{labels.shape}; expected (n, pixels) and (n,) with n of at least 1."
                )
            if len(images) != len(labels):
                raise DataError(
                    f"{self.name}: there are {len(images)} {part} images but {len(labels)} labels; "
                    "take both files from the same source."
                )
            if labels.max() >= N_CLASSES:
                raise DataError(
                    f"{self.name}: a {part} label is {labels.max()}; labels must lie in 0 .. 9."
                )
        if self.train_images.shape[1] != self.test_images.shape[1]:
            raise DataError(
                f"{self.name}: training images have {self.train_images.shape[1]} pixels, test "
                f"images {self.test_images.shape[1]}."
            )

    def first(self, n_train: int, n_test: int) -> "Digits":
        """The first `n_train` training and `n_test` test images; `DataError` if there are fewer."""
        for part, wanted in (("train", n_train), ("test", n_test)):
            available = len(getattr(self, f"{part}_labels"))
            if not 1 <= wanted <= available:
                raise DataError(
                    f"{self.name} has {available} {part} images, so n_{part} cannot be {wanted}; "
                    f"choose 1 to {available}."
                )
        return Digits(
            self.name,
            self.train_images[:n_train],
            self.train_labels[:n_train],
            self.test_images[:n_test],
            self.test_labels[:n_test],
        )

    def sha256(self) -> str:
        """SHA-256 of all images and labels, in 64 hex digits."""
        digest = hashlib.sha256()
        for name in _ARRAYS:
            array = np.ascontiguousarray(getattr(self, name))
            digest.update(f"{name}{array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()


def save_digits(digits: Digits, path: str | Path) -> None:
    """Write a data set as .npz, atomically and without pickle."""
    save_checkpoint(path, {name: getattr(digits, name) for name in _ARRAYS}, {"name": digits.name})


def read_digits(path: str | Path) -> Digits:
    """Read what `save_digits` wrote; raises `DataError` where the file is damaged."""
    try:
        arrays, document = load_checkpoint(path)
        return Digits(document["name"], *(arrays[name] for name in _ARRAYS))
    except (CheckpointError, KeyError) as error:
        raise DataError(
            f"{path} does not hold a data set ({error}); delete it to have it made again."
        ) from None
