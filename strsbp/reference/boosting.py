"""Boosting weights of the training samples, updated after each epoch (section 8)."""

import numpy as np

BOOST_DIVISOR = 20.0
"""A misclassified sample's weight is multiplied by exp(err_c / 20)."""


def updated_boost(boost, labels, misclassified, n_classes: int) -> np.ndarray:
    """Boosting weights for the next epoch, float64 of shape (N,); in the first epoch all are 1.

    `boost` (N,): the weights during the epoch; `labels` (N,) int; `misclassified` (N,) bool. err_c
    is the misclassified share of the total weight of class c.
    """
    boost = np.asarray(boost, dtype=np.float64)
    total = np.bincount(labels, weights=boost, minlength=n_classes)
    wrong = np.bincount(labels, weights=np.where(misclassified, boost, 0.0), minlength=n_classes)
    rates = np.divide(wrong, total, out=np.zeros(n_classes), where=total > 0)
    return np.where(misclassified, boost * np.exp(rates[labels] / BOOST_DIVISOR), boost)
