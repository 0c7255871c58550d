"""The Adam update (section 7)."""

import numpy as np

BETA1 = 0.9
BETA2 = 0.999
EPSILON = 1e-8


def adam_step(weights, gradient, first, second, *, step: int, rate: float):
    """Weights, first and second moments after one update, as new arrays.

    `first` and `second` are the running means of the gradient and its square, initially 0;
    `step` counts updates from 1 and is used for the bias correction.
    """
    first = BETA1 * first + (1 - BETA1) * gradient
    second = BETA2 * second + (1 - BETA2) * np.square(gradient)
    first_unbiased = first / (1 - BETA1**step)
    second_unbiased = second / (1 - BETA2**step)
    weights = weights - rate * first_unbiased / (np.sqrt(second_unbiased) + EPSILON)
    return weights, first, second
