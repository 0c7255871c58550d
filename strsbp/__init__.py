"""strsbp: spike-train level backpropagation, and a reproducibility study of it.

The public names, listed in ``__init__.pyi``, are imported when first used, so that reading a config
loads neither numpy nor numba:

    import strsbp

    digits = strsbp.load_dataset("mnist5k").first(1000, 1000)
    table = strsbp.read_table("table.txt")
    layers = [strsbp.LayerSettings(kind="feedforward", size=400)]
    network = strsbp.build_network(strsbp.ModelSettings(), layers, table, seed=1)
    rows = strsbp.train(network, digits, epochs=5)
"""

import lazy_loader

from strsbp.kernel_cache import choose_folder

choose_folder()  # before numba is imported

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
