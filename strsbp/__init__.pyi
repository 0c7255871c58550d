from .data import Digits, load_dataset, read_dataset, save_events
from .encoding import Encoder
from .engine.network import Network
from .errors import StrsbpError
from .network import build_network, load_network, save_network
from .nir_graph import from_nir, to_nir
from .settings import ArmSettings, LayerSettings, ModelSettings
from .spsp.fits import fit_surface
from .spsp.simulate import simulate_surface
from .spsp.table import EffectRatioTable, read_table, write_table
from .study.loading import load_profile
from .study.settings import StudySettings
from .training.epochs import evaluate, train
from .training.run import run_arm

__version__: str

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
