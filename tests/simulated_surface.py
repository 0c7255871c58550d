"""Surfaces of e_ij with a known shape, for tests of fits."""

import numpy as np

from strsbp.settings import SimulatedTable
from strsbp.spsp.simulate import Surface

TABLE = SimulatedTable(
    spsp="published", tau_m=64, tau_s=8, refractory_steps=2, n_steps=100, grid=30
)
COUNTS = np.arange(101.0)
SHAPES = {
    "logarithmic": (2 * np.log1p(COUNTS / 4), 2 / (4 + COUNTS)),
    "saturating": (3 * -np.expm1(-COUNTS / 6), 0.5 * np.exp(-COUNTS / 6)),
    "polynomial3": (COUNTS - 0.03 * COUNTS**2 + 2e-4 * COUNTS**3,
                    1 - 0.06 * COUNTS + 6e-4 * COUNTS**2),
}  # fmt: skip


def surface_of(phi, noise=0.0, seed=0):
    """A surface o_j * phi(o_i) with noise of known size."""
    rng = np.random.default_rng(seed)
    o_j = np.arange(1, TABLE.grid + 1)[:, None]
    error = np.full((TABLE.grid, TABLE.grid), max(noise, 1e-6)) * np.sqrt(o_j)
    mean = o_j * phi[1 : TABLE.grid + 1] + noise * np.sqrt(o_j) * rng.normal(size=error.shape)
    return Surface(TABLE, 100, 1, mean, error)
