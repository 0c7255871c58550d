"""Backpropagation through time with surrogate gradients, in the network's own dynamics.

The forward pass is that of section 2 of docs/algorithm.md, step by step; only the derivative of a
spike is replaced, by an snnTorch surrogate of v / theta - 1. No gradient passes through the reset
or the refractory period, as in snnTorch. Silent labels are not repaired: that belongs to ST-RSBP.

This module needs the extra `bptt`; import it where it is used.
"""

import time
from collections.abc import Iterator

import numpy as np
import torch
from snntorch import surrogate

from strsbp.engine.layers import Layer
from strsbp.engine.loss import MARGIN
from strsbp.engine.network import Network
from strsbp.study.experiments.gradient_check.replay import Recording
from strsbp.study.experiments.gradient_check.settings import SurrogateSettings

BATCH = 25
"""Samples per pass through the graph; at T = 400 they take about 300 MB."""


def surrogate_layers(network: Network, settings: SurrogateSettings) -> list["SurrogateLayer"]:
    """The layers of `network`, with copies of its weights, in PyTorch."""
    spike = getattr(surrogate, settings.function)(settings.slope)
    return [SurrogateLayer(layer, spike) for layer in network.layers]


class SurrogateLayer:
    """A layer's weights as leaves of the graph, and its dynamics.

    `membranes`: if set to a list, `run` appends the membrane potentials (batch, n) of every step
    before any reset, and keeps their gradients.
    """

    def __init__(self, layer: Layer, spike):
        self.layer, self.model, self._spike, self.membranes = layer, layer.model, spike, None
        self.weights = torch.tensor(layer.weights[:, : layer.n_neurons], requires_grad=True)
        self.parameters = [self.weights]
        if layer.recurrent:
            self._where = torch.from_numpy(layer.rec_pre), torch.tensor(layer.rec_post).long()
            self.parameters.append(torch.tensor(layer.rec_weights, requires_grad=True))

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """Spikes (T, batch, n) evoked by the spikes `inputs` (T, batch, m), both float32."""
        layer, model = self.layer, self.model
        decay_s, decay_m, gain, fires_above = (
            float(getattr(layer.arrays, name))
            for name in ("decay_s", "decay_m", "gain", "fires_above")
        )
        drive = inputs[:-1] @ self.weights
        if layer.recurrent:
            n = layer.n_neurons
            lateral = torch.zeros(n, n).index_put(self._where, self.parameters[1])
        current = torch.zeros_like(drive[0])
        membrane, spikes = torch.zeros_like(current), torch.zeros_like(current)
        refractory = torch.zeros(current.shape, dtype=torch.int32)
        steps = [spikes]
        for received in drive.unbind():
            current = current * decay_s + received
            if layer.recurrent:
                current = current + spikes @ lateral
            elif layer.output:
                current = current - (spikes.sum(dim=1, keepdim=True) - spikes)
            membrane = (membrane * decay_m + current * gain).masked_fill(refractory > 0, 0.0)
            if self.membranes is not None:
                membrane.retain_grad()
                self.membranes.append(membrane)
            spikes = self._spike((membrane - fires_above) / float(layer.threshold))
            fired = spikes.detach() > 0
            refractory = (refractory - 1).clamp(min=0).masked_fill(fired, model.refractory_steps)
            membrane = membrane.masked_fill(fired, 0.0)
            steps.append(spikes)
        return torch.stack(steps)


def loss_of(counts: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The errors d_i, 0 where |d_i| <= 5, and half the sum of their squares over all samples.

    `counts`, `targets`: output spike counts (batch, n_classes).
    """
    error = counts - targets
    error = torch.where(error.abs() > MARGIN, error, 0.0)
    return error, 0.5 * error.square().sum()


def counts_of(layers: list[SurrogateLayer], spikes: torch.Tensor) -> torch.Tensor:
    """Output spike counts (batch, n_classes) of the input spikes (T, batch, n_inputs)."""
    for layer in layers:
        spikes = layer.run(spikes)
    return spikes.sum(dim=0)


def surrogate_gradients(
    network: Network,
    settings: SurrogateSettings,
    recording: Recording,
    targets: np.ndarray,
    samples: np.ndarray,
) -> Iterator[tuple[int, list[np.ndarray], float]]:
    """The summed gradients of `samples`, batch by batch, with the network's current weights.

    `recording`: the input's spikes; `targets` (S, n_classes): the target counts. Yields the size
    of the batch, float32 arrays in the order of `Probe.moments`, and the CPU seconds.
    """
    layers = surrogate_layers(network, settings)
    parameters = [part for layer in layers for part in layer.parameters]
    for start in range(0, len(samples), BATCH):
        batch = samples[start : start + BATCH]
        spikes = [recording.to_dense(int(sample), network.n_inputs) for sample in batch]
        inputs = torch.from_numpy(np.stack(spikes, axis=1).astype(np.float32))
        wanted = torch.from_numpy(targets[batch].astype(np.float32))
        began = time.process_time()
        _, loss = loss_of(counts_of(layers, inputs), wanted)
        found = torch.autograd.grad(loss, parameters)
        seconds = time.process_time() - began
        yield len(batch), [part.numpy() for part in found], seconds
