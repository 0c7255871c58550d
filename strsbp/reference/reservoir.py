"""Connections of a recurrent layer on a three-dimensional grid (section 3)."""

import numpy as np

INHIBITORY_SHARE = 0.2
"""Probability that a neuron is inhibitory."""
CONNECTION_SCALE = 1.5
CONNECTION_BASE = np.array([[0.3, 0.2], [0.4, 0.1]])
"""By pre-synaptic (row) and post-synaptic (column) type; excitatory first."""
SQUARED_LENGTH = 4.0
"""The probability decreases as exp(-D^2 / 4), with D in grid steps."""


def connection_probability(shape, inhibitory, variant: str = "derived") -> np.ndarray:
    """Probability that neuron l connects to neuron i, float64 of shape (n, n), indexed [i, l].

    `shape`: the grid (d1, d2, d3), of which the last coordinate varies fastest; `inhibitory`: bool
    of shape (n,), n = d1 d2 d3. With the variant `published`, all three coordinates of l must be
    >= those of i (finding F5). Self-connections are included.
    """
    position = np.stack(np.unravel_index(np.arange(np.prod(shape)), tuple(shape)), axis=1)
    offset = position[None, :, :] - position[:, None, :]
    squared_distance = np.sum(offset**2, axis=2)
    kind = np.asarray(inhibitory, dtype=np.int64)
    scale = CONNECTION_SCALE * CONNECTION_BASE[kind[None, :], kind[:, None]]
    probability = scale * np.exp(-squared_distance / SQUARED_LENGTH)
    if variant == "published":
        probability = np.where(np.all(offset >= 0, axis=2), probability, 0.0)
    return probability


def draw_cell_types(rng: np.random.Generator, n_neurons: int) -> np.ndarray:
    """Which neurons are inhibitory, bool of shape (n,)."""
    return rng.random(n_neurons) < INHIBITORY_SHARE


def draw_connections(rng: np.random.Generator, probability) -> np.ndarray:
    """Which connections exist, bool of the shape of `probability`."""
    return rng.random(np.shape(probability)) < probability
