"""The Adam update and its step size (section 7)."""

import numpy as np

BETA1 = 0.9
BETA2 = 0.999
EPSILON = 1e-8


def step_size(learning_rate: float, epoch: int, rule: str = "published") -> float:
    """Step size in `epoch`, counted from 0: learning_rate / sqrt(epoch + 1).

    The rule `logged`, found in the published logs, is learning_rate / sqrt(max(epoch, 1)).
    """
    return learning_rate / np.sqrt(max(epoch, 1) if rule == "logged" else epoch + 1)


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
