"""A data set in memory and on disk."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from strsbp.checkpoint import read_arrays
from strsbp.encoding import bytes_of
from strsbp.errors import DataError, in_words
from strsbp.files import replacing
from strsbp.settings import N_CLASSES


@dataclass(frozen=True, eq=False)
class Digits:
    """Training and test images, or ready spike trains, with their labels.

    Every array is uint8. The constructor checks types, shapes and labels, and raises `DataError`.
    Spike trains are stored as `strsbp.encoding.packed_trains` makes them, one row per sample.
    """

    name: str
    """Name of the data set, such as `mnist5k`."""
    train_images: np.ndarray
    """uint8 (n_train, n_pixels): pixels 0..255, row by row from the top left; usually 784."""
    train_labels: np.ndarray
    """uint8 (n_train,): classes 0 .. n_classes - 1."""
    test_images: np.ndarray
    """uint8 (n_test, n_pixels), as `train_images`."""
    test_labels: np.ndarray
    """uint8 (n_test,), as `train_labels`."""
    n_validation: int = 0
    """How many test digits, the last ones, are a validation set: not trained on, and not counted in
    the test error."""
    n_classes: int = N_CLASSES
    """Number of classes."""
    n_steps: int | None = None
    """Steps of ready spike trains; None for images, which are encoded."""

    def __post_init__(self):
        for split in ("train", "test"):
            where = f"the {split} set of {self.name}"
            images, labels = getattr(self, f"{split}_images"), getattr(self, f"{split}_labels")
            both = ("images", images, 2, "(n, pixels)"), ("labels", labels, 1, "(n,)")
            for kind, array, ndim, shape in both:
                if array.dtype != np.uint8 or array.ndim != ndim or array.size == 0:
                    raise DataError(
                        f"The {kind} in {where} are {array.dtype} of shape {array.shape}; give "
                        f"uint8 of shape {shape}, not empty."
                    )
            if len(images) != len(labels):
                raise DataError(
                    f"There are {len(images)} images but {len(labels)} labels in {where}; give one "
                    "label for each image."
                )
            if labels.max() >= self.n_classes:
                raise DataError(
                    f"There is a label {labels.max()} in {where}; labels must be 0 to "
                    f"{self.n_classes - 1}."
                )
        n_train_pixels, n_test_pixels = self.train_images.shape[1], self.test_images.shape[1]
        if n_train_pixels != n_test_pixels:
            raise DataError(
                f"The training images of {self.name} have {n_train_pixels} pixels but its test "
                f"images have {n_test_pixels}; give both the same size."
            )

    @property
    def sizes(self) -> tuple[int, int]:
        """Inputs and outputs of a network for this data set: pixels or input neurons, classes."""
        width = self.train_images.shape[1]
        return width if self.n_steps is None else width // bytes_of(self.n_steps), self.n_classes

    @property
    def n_test(self) -> int:
        """The number of test digits, without the validation set."""
        return len(self.test_labels) - self.n_validation

    def first(self, n_train: int | None, n_test: int | None, n_validation: int = 0) -> "Digits":
        """The first `n_train` training and `n_test` test digits; None takes all.

        The last `n_validation` training digits follow as the validation set. Without one, the
        arrays are views, not copies. Raises `DataError` if a split has fewer digits, if a size is
        below 1, or if the validation set would be trained on.
        """
        n_train = len(self.train_labels) - n_validation if n_train is None else n_train
        n_test = len(self.test_labels) if n_test is None else n_test
        for split, wanted in (("train", n_train), ("test", n_test)):
            held = len(getattr(self, f"{split}_labels"))
            if not 1 <= wanted <= held:
                raise DataError(
                    f"The first {wanted} {split} digits of {self.name} were asked for, but it has "
                    f"{held}; set n_{split} to a number from 1 to {held}."
                )
        rest = len(self.train_labels) - n_train
        if n_validation > rest:
            raise DataError(
                f"{n_validation} validation digits of {self.name} were asked for, but only {rest} "
                "training digits are left; lower n_validation or n_train."
            )
        arrays = {}
        for kind in ("images", "labels"):
            train, test = getattr(self, f"train_{kind}"), getattr(self, f"test_{kind}")[:n_test]
            arrays[f"train_{kind}"], arrays[f"test_{kind}"] = train[:n_train], test
            if n_validation:
                arrays[f"test_{kind}"] = np.concatenate([test, train[-n_validation:]])
        return replace(self, **arrays, n_validation=n_validation)

    def sha256(self) -> str:
        """SHA-256 of the four arrays, their shapes and any `n_steps`, as 64 hex digits."""
        digest = hashlib.sha256()
        for key in _ARRAYS:
            array = getattr(self, key)
            digest.update(f"{key}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        if self.n_steps is not None:
            digest.update(f"n_steps{self.n_steps}".encode())
        return digest.hexdigest()


_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


def save_digits(path: str | Path, digits: Digits) -> None:
    """Write `digits` to `path` as a compressed .npz without pickles, atomically.

    The same digits give the same bytes.
    """
    arrays = {key: getattr(digits, key) for key in _ARRAYS}
    arrays |= {key: np.array(getattr(digits, key)) for key in ("name", "n_classes")}
    if digits.n_steps is not None:
        arrays["n_steps"] = np.array(digits.n_steps)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def read_digits(path: str | Path) -> Digits:
    """Read a file written by `save_digits`; nothing is unpickled.

    Raises `DataError` if the file is damaged or not a set of digits.
    """
    try:
        fields: dict[str, Any] = dict(read_arrays(path))
        for key in {"name", "n_classes", "n_steps"} & set(fields):
            fields[key] = fields[key].item()
        return Digits(**fields)
    except Exception as error:
        raise DataError(
            f"{path} is not a complete digits file ({in_words(error)}); delete it and prepare it "
            "again."
        ) from None
