"""The spike-train level post-synaptic potential: simulations, fits and tables."""

from strsbp.spsp.fits import fit_surface
from strsbp.spsp.simulate import Surface, load_surface, save_surface, simulate_surface
from strsbp.spsp.table import EffectRatioTable, SeparableTable, read_table, write_table

__all__ = [
    "EffectRatioTable",
    "SeparableTable",
    "Surface",
    "fit_surface",
    "load_surface",
    "read_table",
    "save_surface",
    "simulate_surface",
    "write_table",
]
