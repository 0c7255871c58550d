"""Eq. 3: is a neuron's spike count its total potential over the threshold, o_i = a_i / theta?

The method rests on it: it takes the derivative of o_i with respect to a_i to be 1 / theta. Here
a_i = sum_j w_ij e_ij (Eq. 3; recurrent and lateral connections included), with e_ij of the actual
spike trains (section 5 of docs/algorithm.md). By linearity a_i is also the sum of the membrane
potentials at which neuron i fired. Each of them is at least the threshold, so o_i <= a_i / theta,
and a_i = 0 for every silent neuron, whatever its weights.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.encoding import TEST_SPLIT
from strsbp.engine.layers import Layer
from strsbp.engine.network import Network
from strsbp.engine.spsp import spsp_of_active
from strsbp.engine.trains import SpikeTrains
from strsbp.files import write_csv
from strsbp.network import feedback_weights
from strsbp.reference.lif import lif_traces, spike_counts
from strsbp.reference.loss import repaired
from strsbp.reference.spsp import spsp_matrix
from strsbp.study.inputs import Networks

COLUMNS = [
    "seed", "n_train", "epochs", "state", "layer", "of", "bin", "count", "statistic", "value", "n",
]  # fmt: skip
ALL, COUNT, REPAIRED = "all", "count", "repaired label"
"""What a row is about: all neurons and images of a layer, those with spike counts around `count`,
or the silent labels that were given a spike train."""

BINS = (1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60, 88, 129)
"""Where bins of spike counts begin."""
QUANTILES = (0.05, 0.5, 0.95)
HIGH_RATE = 50
"""Counts above this lie beyond the smaller of the study's grids."""
N_CHECKED = 5
"""Images on which a_i is compared with the membrane, which takes a float64 simulation of each."""


def potentials(layer: Layer, below: SpikeTrains) -> np.ndarray:
    """a_i of the layer's last spikes, (n,) float64 in mV; `below`: the trains that enter it."""
    n = layer.n_neurons
    a = _weighted(layer, below, layer.weights[:, :n])
    feedback = feedback_weights(layer)
    return a if feedback is None else a + _weighted(layer, layer.trains, feedback.T)


def _weighted(layer: Layer, inputs: SpikeTrains, weights: np.ndarray) -> np.ndarray:
    """The sum over j of w_ij e_ij for the inputs j; `weights` (m, n)."""
    arrays = layer.arrays
    e = np.zeros((len(weights), arrays.rows.shape[1]), dtype=np.float32)
    spsp_of_active(arrays, inputs.arrays, np.arange(len(weights)), e)
    return np.einsum("ji,ji->i", weights, e[:, : weights.shape[1]], dtype=np.float64)


def membrane_sums(layer: Layer, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the membrane potentials at which each neuron fires, and its spikes.

    From the float64 reference, for the input spikes `below` (T, m): (n,) in mV, (T, n) bool.
    """
    traces = lif_traces(
        below, layer.weights[:, : layer.n_neurons].T, recurrent=feedback_weights(layer),
        threshold=float(layer.threshold), **layer.model.dynamics,
    )  # fmt: skip
    return np.where(traces.spikes, traces.membrane, 0.0).sum(axis=0), traces.spikes


def measure_activation(
    networks: Networks, *, seed: int, n_samples: int, train_epochs: int, out: str | Path
) -> None:
    """Compare a_i / theta with o_i in every layer of an arm, untrained and trained; write `out`.

    One row per state of the weights, layer, `of` (see `ALL`) and statistic; `bin`: where the bin of
    spike counts begins; `count`: the mean count in it; `n`: neurons times images. Of all neurons:
    `share_firing`, `mean_count`, `share_above_50` (spikes), and of those that fire, `per_spike`
    (the sum of a_i / theta over that of o_i), `slope` (of the straight line of o_i over a_i /
    theta), `r2` (of that line), `rms_deviation` (of a_i / theta from o_i, relative to the root mean
    square of o_i), quantiles of a_i / (theta o_i) and `largest_gap`, the largest relative
    difference between a_i and the sum of the membrane potentials at the spikes. By count: the
    quantiles, and `share` of all neurons.
    """
    digits, known = networks.arm_digits, dict(seed=seed, n_train=networks.first.n_train)
    images = digits.test_images[:n_samples], digits.test_labels[:n_samples]
    rows = [
        known | dict(epochs=train_epochs, state=state) | row
        for state, network in networks.states(seed, train_epochs)
        for row in _rows(network, *images)
    ]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _rows(network: Network, images, labels) -> Iterator[dict]:
    found = {layer.name: ([], []) for layer in network.layers}
    gaps = dict.fromkeys(found, 0.0)
    of_repaired = []
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        network.encode(image, index, TEST_SPLIT)
        network.forward()
        below = network.inputs
        for layer in network.layers:
            a, o = potentials(layer, below), layer.trains.counts[: layer.n_neurons]
            for values, one in zip(found[layer.name], (a / layer.threshold, o), strict=True):
                values.append(one)
            if index < N_CHECKED:
                gaps[layer.name] = max(gaps[layer.name], _gap(layer, below, a))
            if layer.output and not o[label]:
                of_repaired.append(_of_repaired_label(layer, below, label))
            below = layer.trains
    for layer, parts in found.items():
        ratio, o = map(np.concatenate, parts)
        for row in _statistics(ratio, o):
            yield dict(layer=layer) | row
        yield _row(layer, ALL, "largest_gap", gaps[layer], N_CHECKED)
    if of_repaired:
        yield _row(layer, REPAIRED, "per_spike", np.mean(of_repaired), len(of_repaired))


def _row(layer, of, statistic, value, n) -> dict:
    return dict(layer=layer, of=of, statistic=statistic, value=float(value), n=n)


def _gap(layer: Layer, below: SpikeTrains, a: np.ndarray) -> float:
    """Largest difference of a_i from the membrane's sum, relative to the largest of the layer."""
    sums, spikes = membrane_sums(layer, below.to_dense()[:, : layer.n_inputs])
    # A membrane that rounding puts on the other side of the threshold gives another train.
    same = (spikes == layer.trains.to_dense()[:, : layer.n_neurons]).all(axis=0)
    return float(np.abs(a - sums)[same].max(initial=0) / max(np.abs(sums).max(), 1.0))


def _of_repaired_label(layer: Layer, below: SpikeTrains, label: int) -> float:
    """a_i / (theta o_i) of a silent label with the spike train that the backward pass gives it."""
    spikes = repaired(layer.trains.to_dense()[:, : layer.n_neurons], label)[:, [label]]
    e = spsp_matrix(below.to_dense()[:, : layer.n_inputs], spikes, **layer.model.dynamics)
    a = float(e[0] @ layer.weights[:, label])
    return a / (float(layer.threshold) * int(spike_counts(spikes)[0]))


def _statistics(a: np.ndarray, o: np.ndarray) -> Iterator[dict]:
    """Rows for a_i / theta (`a`) and o_i of one layer, each of all neurons and images."""

    def row(statistic, value, n, of=ALL, **binned):
        return dict(of=of, statistic=statistic, value=float(value), n=n) | binned

    n, fires = len(o), o > 0
    yield row("share_firing", fires.mean(), n)
    yield row("mean_count", o.mean(), n)
    yield row("share_above_50", np.mean(o > HIGH_RATE), n)
    a, o = a[fires], o[fires].astype(np.float64)
    if np.unique(o).size < 2 or np.ptp(a) == 0:
        return
    slope, _ = np.polyfit(a, o, 1)
    yield row("per_spike", a.sum() / o.sum(), len(o))
    yield row("slope", slope, len(o))
    yield row("r2", np.corrcoef(a, o)[0, 1] ** 2, len(o))
    yield row("rms_deviation", np.sqrt(np.mean((a - o) ** 2) / np.mean(o**2)), len(o))
    bins = np.digitize(o, BINS)
    for q in QUANTILES:
        yield row(f"quantile_{q}", np.quantile(a / o, q), len(o))
    for k in np.unique(bins):
        mine = bins == k
        known = dict(n=int(mine.sum()), of=COUNT, bin=BINS[k - 1], count=o[mine].mean())
        for q in QUANTILES:
            yield row(f"quantile_{q}", np.quantile(a[mine] / o[mine], q), **known)
        yield row("share", mine.sum() / n, **known)
