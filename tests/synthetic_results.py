"""Results files of invented runs, in the real formats, for tests of the code that reads them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

ARMS = {
    "strsbp": ("ST-RSBP", "784-400-R400-10", 20, 0.080, {}),
    "hm2bp": ("HM2-BP", "784-400-R400-10", 20, 0.092, {}),
    "hm2bp_all": ("HM2-BP in all layers", "784-400-R400-10", 10, 0.101, {}),
    "hm2bp_weights": ("HM2-BP in the weight gradient", "784-400-R400-10", 10, 0.095, {}),
    "strsbp_feedforward": ("ST-RSBP", "784-400-10", 20, 0.078, {}),
    "hm2bp_feedforward": ("HM2-BP", "784-400-10", 20, 0.083, {}),
    "tau_m_32": ("tau_m = 32", "784-400-R400-10", 10, 0.2, {}),
    "tau_m_50": ("tau_m = 50", "784-400-R400-10", 10, 0.096, {}),
    "tau_m_96": ("tau_m = 96", "784-400-R400-10", 10, 0.077, {}),
    "tau_m_128": ("tau_m = 128", "784-400-R400-10", 10, 0.074, {}),
    "fig6_published": ("published e_ij", "784-400-R400-10", 20, 0.17, {"n_train": 1000}),
    "fig6_corrected": ("corrected e_ij", "784-400-R400-10", 20, 0.30, {"n_train": 1000}),
    "fig6_threshold_8": ("corrected, threshold 8", "784-400-R400-10", 20, 0.21, {"n_train": 1000}),
    "fig6_t_200": ("corrected, threshold 8, T = 200", "784-400-R400-10", 20, 0.19,
                   {"n_train": 1000}),
}  # fmt: skip
LAYERS = ("feedforward1", "recurrent2", "output3")


def write_runs(
    folder: Path,
    *,
    seeds=(1, 2, 3),
    n_train=10_000,
    n_test=10_000,
    shorten=1,
    arms=ARMS,
    diverged=("tau_m_32",),
    title=None,
):
    """Metrics and provenance of every arm and seed; returns both lists of paths.

    `shorten` divides the epochs; the arms in `diverged` end in their fourth epoch at the latest.
    """
    metrics, provenance = [], []
    for number, (arm, (name, architecture, epochs, end, data)) in enumerate(arms.items()):
        for seed in seeds:
            epochs_here = max(1, epochs // shorten)
            frame = _metrics(np.random.default_rng([number, seed]), epochs_here, end)
            if arm in diverged:
                frame = frame.head(min(4, epochs_here)).copy()
                frame.loc[frame.index[-1], ["diverged", "test_error"]] = ["recurrent2", 0.902]
            path = folder / "train" / arm / f"seed{seed}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.to_csv(path, index=False)
            metrics.append(path)
            known = _provenance(arm, seed, title or name, architecture, epochs_here)
            known["data"] = dict(dataset="mnist", n_train=n_train, n_test=n_test, sha256="a" * 64)
            known["data"].update(data)
            path = path.with_suffix(".json")
            path.write_text(json.dumps(known))
            provenance.append(path)
    return metrics, provenance


def _metrics(random, epochs, end):
    epoch = np.arange(1, epochs + 1)
    error = end + 0.12 * np.exp(-epoch / 2.5) + random.normal(0, 0.0025, epochs)
    frame = pd.DataFrame(dict(epoch=epoch, test_error=error, train_error=error * 0.8))
    frame["cost"] = 400 * error
    for layer in LAYERS:
        frame[f"spike_count_{layer}"] = 12 + random.normal(0, 1, epochs)
        frame[f"silent_share_{layer}"] = 0.1
        frame[f"smallest_denominator_{layer}"] = 0.05 if layer != "output3" else np.nan
    return frame.assign(diverged=pd.Series([None] * epochs, dtype=object))


def _provenance(arm, seed, title, architecture, epochs):
    return dict(
        arm=arm, seed=seed, profile="synthetic", architecture=[],
        settings=dict(
            title=title, architecture=architecture, epochs=epochs, seeds=[seed],
            tau_m=float(arm.removeprefix("tau_m_")) if arm.startswith("tau_m") else 64.0,
        ),
        settings_sha256="b" * 64, table=dict(key="published-m64-s8-r2-t400-g100", sha256="c" * 64),
        commit="0123456789abcdef", dirty=False,
        versions=dict(python="3.11.2", numpy="2.4", numba="0.68", strsbp="0.1.0"),
        machine=dict(cpu="A processor", cores=2, platform="Linux"), device="cpu",
        started="2026-01-02T03:04:05+00:00", seconds_per_epoch=[61.0] * epochs,
        seconds=61.0 * epochs, ms_per_training_sample=6.1, resumed=False,
    )  # fmt: skip
