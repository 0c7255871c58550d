"""A small arm, its table and images of noise, for tests of what is measured on networks."""

import numpy as np

from strsbp.data import Digits
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import EffectRatioTable

HIDDEN = [
    LayerSettings(kind="feedforward", size=18),
    LayerSettings(kind="recurrent", shape=(2, 3, 3)),
]
N_PIXELS = 30


def arm(**settings):
    small = dict(
        title="an arm", n_steps=120, threshold_hidden=2, threshold_output=1, regularisation=10
    )
    return ArmSettings(**small | settings)


def table(scale=1.0):
    rows = np.arange(1, 21)[:, None]
    return EffectRatioTable(scale * rows * np.array([-6e-8, 7e-6, -3.5e-4, 7e-3, 0.01]))


def noise():
    """Twelve training images, one or two of each class, and the first three again to test."""
    images = np.random.default_rng(5).integers(0, 256, (12, N_PIXELS)).astype(np.uint8)
    labels = (np.arange(12) % 10).astype(np.uint8)
    return Digits("invented", images, labels, images[:3], labels[:3])
