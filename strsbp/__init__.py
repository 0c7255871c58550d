"""strsbp: spike-train level backpropagation, and a reproducibility study of it.

import strsbp

digits = strsbp.load_dataset("mnist5k").first(1000, 1000)
table = strsbp.read_table("table.txt")
layers = [strsbp.LayerSettings(kind="feedforward", size=400)]
network = strsbp.build_network(strsbp.ModelSettings(), layers, table, seed=1)
rows = strsbp.train(network, digits, epochs=5)
"""

from strsbp.kernel_cache import choose_folder

choose_folder()  # before anything is compiled

from strsbp.data import Digits, load_dataset, read_dataset, save_events
from strsbp.encoding import Encoder
from strsbp.engine.network import Network
from strsbp.errors import StrsbpError
from strsbp.network import build_network, load_network, save_network
from strsbp.nir_graph import from_nir, to_nir
from strsbp.settings import ArmSettings, LayerSettings, ModelSettings
from strsbp.spsp import EffectRatioTable, fit_surface, read_table, simulate_surface, write_table
from strsbp.study.loading import load_profile
from strsbp.study.settings import StudySettings
from strsbp.training.epochs import evaluate, train
from strsbp.training.run import run_arm

__version__ = "0.1.0"

__all__ = [
    "ArmSettings",
    "Digits",
    "EffectRatioTable",
    "Encoder",
    "LayerSettings",
    "ModelSettings",
    "Network",
    "StrsbpError",
    "StudySettings",
    "build_network",
    "evaluate",
    "fit_surface",
    "from_nir",
    "load_dataset",
    "load_network",
    "load_profile",
    "read_dataset",
    "read_table",
    "run_arm",
    "save_events",
    "save_network",
    "simulate_surface",
    "to_nir",
    "train",
    "write_table",
]
