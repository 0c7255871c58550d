"""The spike-train level post-synaptic potential: simulations, fits and tables."""

from importlib import import_module

_PUBLIC = {
    "EffectRatioTable": "table",
    "read_table": "table",
    "write_table": "table",
    "SeparableTable": "separable",
    "write_separable": "separable",
    "Surface": "simulate",
    "simulate_surface": "simulate",
    "save_surface": "simulate",
    "load_surface": "simulate",
    "fit_surface": "fit",
    "trace_pair": "trace",
    "write_trace": "trace",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    """Import on first use, so that reading a table does not import numba."""
    if name in _PUBLIC:
        return getattr(import_module(f"strsbp.spsp.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'strsbp.spsp' has no attribute '{name}'")
