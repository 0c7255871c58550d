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


def surface_of(phi, noise=0.0, seed=0, *, error=None, **changes):
    """A surface o_j * phi(o_i) with noise of known size, of `TABLE` with `changes`.

    `phi`: at counts from 0 up to the grid or further; `error`: the standard errors, if others.
    """
    table = TABLE.model_copy(update=changes)
    o_j = np.arange(1, table.grid + 1)[:, None]
    mean = o_j * phi[1 : table.grid + 1]
    mean = mean + noise * np.sqrt(o_j) * np.random.default_rng(seed).normal(size=mean.shape)
    known = max(noise, 1e-6) * np.sqrt(o_j) if error is None else error
    return Surface(table, 100, 1, mean, np.broadcast_to(known, mean.shape))
