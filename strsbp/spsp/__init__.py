"""The spike-train level post-synaptic potential: simulated, fitted, kept in tables."""

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
    """Load on first use: reading a table must not wait for the simulation's compiler."""
    if name in _PUBLIC:
        return getattr(import_module(f"strsbp.spsp.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'strsbp.spsp' has no attribute '{name}'")
