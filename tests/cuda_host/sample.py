"""One sample through every kernel on the smallest networks that use them all, for sanitizers.

    python sample.py derived published strsbp_normalised hm2bp_published

runs in a process of its own, since a sanitizer must be loaded first. The environment variables
STRSBP_TEST_HOST_OPTIONS and STRSBP_TEST_DROP_BARRIER are those of the stand-in for CuPy.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "on_path"), str(HERE.parents[1])]
import cupy  # noqa: E402
import numpy as np  # noqa: E402

from strsbp.cuda import driver  # noqa: E402
from strsbp.data import Digits  # noqa: E402
from strsbp.engine.network import Network  # noqa: E402
from strsbp.settings import LayerSettings, ModelSettings  # noqa: E402


def main(variant: str) -> None:
    """Train on one image and test one, launch by launch.

    `variant`: of reservoir and adjoint, or a gradient that has kernels of its own.
    """
    # Nothing is recorded, since that would run every kernel once more.
    driver.Replicas._recorded = lambda self, launches: lambda: self._run(launches)
    # Threads of the operating system are expensive: few of them, and several neurons for each.
    driver.THREADS, driver.MOST_THREADS = 32, 64
    hidden = [LayerSettings(kind="feedforward", size=36)]
    if variant in ("derived", "published"):
        hidden.append(LayerSettings(kind="recurrent", shape=(3, 3, 4)))
        settings = dict(reservoir=variant, adjoint=variant)
    else:
        settings = dict(gradient=variant)
    model = ModelSettings(
        **dict(n_steps=36, threshold_hidden=1.0, threshold_output=0.5, regularisation=10) | settings
    )
    table = np.arange(1, 9)[:, None] * np.array([-24e-8, 21e-6, -7e-4, 7e-3])
    n_inputs = 37
    # Two systems that the iterative solver fails on: elimination takes one after the other.
    seeds = [1, 2] if variant == "derived" else [1]
    networks = [Network(model, hidden, table, seed, n_inputs, 5) for seed in seeds]
    for network in networks:
        for layer in network.layers:
            if layer.recurrent:
                layer.rec_weights *= 60
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(1, n_inputs), dtype=np.uint8)
    digits = Digits("noise", images, np.array([3], np.uint8), images, np.array([3], np.uint8))
    replicas = driver.Replicas(networks, digits, cupy)
    replicas.train(np.zeros((len(seeds), 1), np.int32), np.ones((len(seeds), 1)), 0)
    replicas.evaluate()
    counts = [replicas.arrays[f"{k}/counts"].get().sum() for k in range(len(hidden) + 1)]
    assert all(counts), counts
    if variant == "derived":
        assert replicas.arrays["1/failed"].get().all()


if __name__ == "__main__":
    for variant in sys.argv[1:]:
        main(variant)
