"""strsbp: spike-train level backpropagation, and a reproducibility study of it.

The public names below are imported on first use, so plotting does not wait for numba:

    import strsbp

    digits = strsbp.load_dataset("mnist5k").first(1000, 1000)
    table = strsbp.read_table("table.txt")
    layers = [strsbp.LayerSettings(kind="feedforward", size=400)]
    network = strsbp.build_network(strsbp.ModelSettings(), layers, table, seed=1)
    rows = strsbp.train(network, digits, epochs=5)
"""

from importlib import import_module

from strsbp.kernel_cache import choose_folder

choose_folder()

_PUBLIC = {
    # settings and errors
    "StrsbpError": "errors",
    "ModelSettings": "settings",
    "LayerSettings": "settings",
    "ArmSettings": "settings",
    "StudySettings": "study.settings",
    "load_profile": "study.loading",
    # data and encoding
    "Digits": "data",
    "load_dataset": "data",
    "Encoder": "encoding",
    # the S-PSP and its tables
    "simulate_surface": "spsp",
    "fit_surface": "spsp",
    "EffectRatioTable": "spsp",
    "read_table": "spsp",
    "write_table": "spsp",
    # networks
    "Network": "engine.network",
    "build_network": "network",
    "save_network": "network",
    "load_network": "network",
    "train": "training.epochs",
    "evaluate": "training.epochs",
    "run_arm": "training.run",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(import_module(f"strsbp.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'strsbp' has no attribute '{name}'")


def __dir__():
    return __all__
