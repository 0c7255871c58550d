"""Results files of invented runs, in the real formats, for tests of the code that reads them."""

import functools
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
PANELS = {
    "fig2": {
        "784-400-R400-10": ["strsbp", "hm2bp", "hm2bp_all", "hm2bp_weights"],
        "784-400-10": ["strsbp_feedforward", "hm2bp_feedforward"],
    },
    "fig3": {
        "784-400-R400-10": ["strsbp", "hm2bp"],
        "784-400-10": ["strsbp_feedforward", "hm2bp_feedforward"],
    },
    "fig4": {"784-400-R400-10": ["tau_m_32", "tau_m_50", "strsbp", "tau_m_96", "tau_m_128"]},
    "fig6": {
        "1,000 training images": [
            "fig6_published", "fig6_corrected", "fig6_threshold_8", "fig6_t_200",
        ]
    },
}  # fmt: skip
EPOCHS = {"fig2": 10, "fig3": 20, "fig4": 10, "fig6": 20}
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


def write_surfaces(path: Path):
    """Surfaces, fits and derivatives on both grids, with extrapolated rows outside each."""
    _surfaces().to_csv(path, index=False)
    return path


@functools.cache
def _surfaces():
    frames = []
    for spsp, scale in (("published", 64.0), ("corrected", 1.0)):
        for grid, last in ((50, 70), (100, 120)):
            random = np.random.default_rng(grid)
            o_j, o_i = np.meshgrid(np.arange(1, grid + 1), np.arange(1, last + 1), indexing="ij")
            value = scale * 0.011 * o_j * (1 - np.exp(-o_i / 22)) / (1 + o_i / 400)
            noisy = value * (1 + random.normal(0, 0.01, value.shape))
            noisy[o_i > grid] = np.nan
            fit = np.empty_like(value)
            slope = np.empty_like(value)
            counts = np.arange(1, last + 1)
            for row in range(grid):
                polynomial = np.polynomial.Polynomial.fit(counts[:grid], noisy[row, :grid], 4)
                fit[row], slope[row] = polynomial(counts), polynomial.deriv()(counts)
            frames.append(
                pd.DataFrame(
                    dict(
                        spsp=spsp, grid=grid, o_j=o_j.ravel(), o_i=o_i.ravel(),
                        mean=noisy.ravel(), standard_error=0.01 * noisy.ravel(), fit=fit.ravel(),
                        derivative=np.gradient(noisy, axis=1).ravel(),
                        fit_derivative=slope.ravel(),
                    )
                )
            )  # fmt: skip
    return pd.concat(frames)


def write_trace(path: Path):
    """One pair of spike trains under both update rules."""
    frames = []
    spike_j, spike_i = np.zeros(400, dtype=int), np.zeros(400, dtype=int)
    spike_j[np.linspace(8, 390, 12).astype(int)] = 1
    spike_i[np.linspace(5, 395, 30).astype(int)] = 1
    for listing, scale in ((1, 8.0), (2, 1.0)):
        current, membrane, held = np.zeros(400), np.zeros(400), 0
        for step in range(1, 400):
            current[step] = current[step - 1] * (1 - 1 / 8) + spike_j[step - 1] * scale / 8
            start = 0 if held else membrane[step - 1] * (1 - 1 / 64)
            membrane[step] = start + (0 if held else current[step] * scale / 64)
            held = 2 if spike_i[step] else max(0, held - 1)
        frames.append(
            pd.DataFrame(
                dict(listing=listing, step=np.arange(400), spike_pre=spike_j, spike_post=spike_i,
                     current=current, membrane=membrane, e_ij=scale)
            )
        )  # fmt: skip
    pd.concat(frames).to_csv(path, index=False)
    return path
