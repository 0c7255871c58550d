"""Weight gradients and denominators of several arms on the same weights and samples.

The arms differ in table, threshold, length of spike trains or adjoint. Each is compared, in its own
dynamics, with two references: HM2-BP (s_i = 1 in all layers) and ST-RSBP with the first arm's
table. So the comparison shows what an arm's table does to the gradient, not what its threshold
does to the spikes. See sections 6 and 7 of docs/algorithm.md.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.engine.adam import BETA_1
from strsbp.engine.network import Network
from strsbp.files import write_csv
from strsbp.network import build_network
from strsbp.settings import ArmSettings
from strsbp.spsp.table import EffectRatioTable
from strsbp.study.experiments.gradients.settings import GradientsSettings
from strsbp.study.inputs import Networks

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

GRADIENT_COLUMNS = [
    "state", "arm", "title", "layer", "reference", "quantity", "value", "n_samples",
]  # fmt: skip
DENOMINATOR_COLUMNS = ["state", "arm", "title", "layer", "statistic", "value", "n_samples"]

_NO_STEP = 1e-30
"""A learning rate too small to change any float32 weight."""


class Probe:
    """A copy of a network, with its weights, that yields gradients of `model` and never learns.

    The gradients do not include the regulariser. Raises `SettingsError` if the model has other
    connections.
    """

    def __init__(self, model: ArmSettings, table: EffectRatioTable, network: Network):
        still = model.model_copy(update=dict(regularisation=0.0, learning_rate=_NO_STEP))
        self.network = build_network(
            still, network.hidden, table, network.seed, network.n_inputs, network.n_classes
        )
        self.network.load_state(network.state())

    def gradients(self, image, index: int, label: int) -> dict[str, np.ndarray] | None:
        """Gradient of each layer's weights as one vector, float64, or None if the error is 0.

        After one update from zero moments, Adam's first moment is 0.1 times the gradient.
        A recurrent layer's vector holds the weights of both groups.
        """
        self.clear()
        if self.network.train_sample(image, index, label).cost == 0:
            return None
        return {
            layer.name: np.concatenate([part.ravel() for part in parts]).astype(np.float64)
            / (1 - BETA_1)
            for layer, parts in zip(self.network.layers, self.moments(), strict=True)
        }

    def clear(self) -> None:
        """Set all moments to 0; after one update, the first moments are 0.1 times the gradient."""
        for layer in self.network.layers:
            for name, array in layer.state().items():
                if name.endswith("moments"):
                    array[:] = 0
        self.network.n_updates = 0

    def moments(self) -> list[list[np.ndarray]]:
        """Views of Adam's first moments of each layer, float32.

        One array (m, n) for the weights from below and, in a recurrent layer, one (c,) for those
        of the connections.
        """
        found = []
        for layer in self.network.layers:
            parts = [layer.first_moments[:, : layer.n_neurons]]
            found.append([*parts, layer.rec_first_moments] if layer.recurrent else parts)
        return found

    def denominators(self) -> dict[str, np.ndarray]:
        """s_i of each layer for the last sample that had an error; float64 of shape (n,)."""
        return {
            layer.name: layer.denominators[: layer.n_neurons].astype(np.float64)
            for layer in self.network.layers
        }


def measure_gradients(
    networks: Networks,
    settings: dict,
    seed: int,
    *,
    gradients: str | Path,
    denominators: str | Path,
) -> None:
    """Compare the arms of `networks` on the first `n_samples` images; write two tidy tables.

    The weights are those of the first arm, before and after `train_epochs` on its images; `seed`:
    theirs and that of the spike trains. `gradients`: per layer, means over samples of the cosine,
    the angle and the ratio of norms (arm over reference); `denominators`: quantiles of s_i over
    neurons and samples, the smallest |s_i| and the share of negative ones.
    """
    settings, digits = GradientsSettings.model_validate(settings), networks.arm_digits
    images, labels = digits.train_images, digits.train_labels.tolist()
    samples = list(zip(images, range(settings.n_samples), labels, strict=False))
    rows, s_rows = [], []
    for state, network in networks.states(seed, settings.train_epochs):
        for (name, arm), table in zip(networks.arms.items(), networks.tables, strict=True):
            hm2bp = arm.model_copy(update=dict(gradient="hm2bp", ablated_layers="all"))
            published = arm.model_copy(update=dict(adjoint=networks.first.adjoint))
            models = (arm, table), (hm2bp, table), (published, networks.tables[0])
            probes = [Probe(model, of_model, network) for model, of_model in models]
            described = dict(state=state, arm=name, title=arm.title)
            compared, s = _measure(*probes, samples)
            rows += [described | row for row in _gradient_rows(compared)]
            s_rows += [described | row for row in denominator_rows(s)]
    write_csv(pd.DataFrame(rows, columns=GRADIENT_COLUMNS), gradients)
    write_csv(pd.DataFrame(s_rows, columns=DENOMINATOR_COLUMNS), denominators)


def _measure(probe: Probe, hm2bp: Probe, published: Probe, samples: Sequence[tuple]):
    """Cosines, angles and ratios of norms by (layer, reference, quantity); s_i by layer."""
    compared, s = defaultdict(list), defaultdict(list)
    for sample in samples:
        found = probe.gradients(*sample)
        if found is None:  # the spikes are the same for all, and so is the error
            continue
        references = dict(hm2bp=hm2bp.gradients(*sample), published=published.gradients(*sample))
        for layer, own in found.items():
            s[layer].append(probe.denominators()[layer])
            for reference, gradient in references.items():
                cosine, ratio = _compare(own, gradient[layer])
                compared[layer, reference, "cosine"].append(cosine)
                # Where directions almost agree, only the angle (in degrees) shows how closely.
                angle = float(np.degrees(np.arccos(cosine)))
                compared[layer, reference, "angle"].append(angle)
                compared[layer, reference, "norm_ratio"].append(ratio)
    return compared, s


def _compare(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Cosine of two gradients and the ratio of their norms; NaN if either is 0 or not finite."""
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    if not (0 < norm_a < np.inf and 0 < norm_b < np.inf):
        return np.nan, np.nan
    return float(np.clip((a / norm_a) @ (b / norm_b), -1, 1)), float(norm_a / norm_b)


def _gradient_rows(compared):
    for (layer, reference, quantity), values in compared.items():
        values = np.array(values)[np.isfinite(values)]
        described = dict(layer=layer, reference=reference, quantity=quantity)
        value = values.mean() if values.size else np.nan
        yield described | dict(value=value, n_samples=values.size)


def denominator_rows(s: dict[str, list[np.ndarray]]):
    """Rows of the table of denominators: statistics of the finite s_i of each layer's samples."""
    for layer, samples in s.items():
        values = np.concatenate(samples)
        finite = values[np.isfinite(values)]
        statistics = {}
        if finite.size:
            names = [f"quantile_{q:g}" for q in QUANTILES]
            statistics = dict(zip(names, np.quantile(finite, QUANTILES), strict=True))
            statistics["smallest_magnitude"] = np.abs(finite).min()
            statistics["share_negative"] = np.mean(finite < 0)
            statistics["mean_distance_from_1"] = np.abs(finite - 1).mean()
        for statistic, value in statistics.items():
            yield dict(layer=layer, statistic=statistic, value=value, n_samples=len(samples))
