"""Backpropagation through time with surrogate gradients in snnTorch, on the networks of an arm.

The arm provides the digits, the spike trains of the input, T, both time constants, the layers, the
existing recurrent connections, the initial weights and the order of the samples. snnTorch provides
the neurons (`Synaptic`, `RSynaptic`), the surrogate and the loss (`mse_count_loss`, the mean
squared difference between the output spike counts and the study's target counts). PyTorch provides
the gradient and Adam, with one update per batch.

snnTorch's neurons have the arm's current and membrane,

    a <- alpha a + input / tau_s,   v <- beta v + a,   alpha = 1 - 1/tau_s,   beta = 1 - 1/tau_m,

with threshold 1, so weights are divided by the arm's threshold. They differ in three ways for
which the library has no option: a spike acts on the layer above in the same step instead of the
next, the membrane is held at 0 for one step after a spike instead of `refractory_steps`, and the
output neurons do not inhibit each other.

This module needs the extra `bptt`; import it where it is used.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import snntorch
import torch
from snntorch import functional, surrogate

from strsbp.data import Digits
from strsbp.encoding import TEST_SPLIT, TRAIN_SPLIT, Encoder
from strsbp.engine.layers import Layer
from strsbp.engine.loss import TARGET_COUNT_OTHER
from strsbp.engine.network import Network
from strsbp.files import write_json, write_text
from strsbp.settings import TARGET_COUNT_LABEL
from strsbp.study.experiments.bptt.settings import BpttTraining, of_network
from strsbp.study.inputs import Networks
from strsbp.training import provenance as origin
from strsbp.training.epochs import epoch_order
from strsbp.training.run import metrics_csv, progress_bar

LARGEST_GRADIENT = 1.0
"""Norm to which a batch's gradient is clipped; over hundreds of steps it can grow large."""


class SurrogateNetwork(torch.nn.Module):
    """The layers of `network`, with its weights, as snnTorch neurons."""

    def __init__(self, network: Network, settings: BpttTraining):
        super().__init__()
        model = network.model
        self.tau_s = model.tau_s
        neuron = {
            "alpha": 1 - 1 / model.tau_s,
            "beta": 1 - 1 / model.tau_m,
            "spike_grad": getattr(surrogate, settings.surrogate)(settings.surrogate_slope),
            "reset_mechanism": "zero",
        }
        self.weights, self.neurons = torch.nn.ModuleList(), torch.nn.ModuleList()
        for layer in network.layers:
            self.weights.append(_linear(feedforward_weights(layer)))
            if layer.recurrent:
                neurons = snntorch.RSynaptic(**neuron, linear_features=layer.n_neurons)
                neurons.recurrent = _Reservoir(*recurrent_weights(layer), model.tau_s)
            else:
                neurons = snntorch.Synaptic(**neuron)
            self.neurons.append(neurons)

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        """Output spikes (T, batch, classes) for input spikes (T, batch, pixels), float32."""
        for weights, neurons in zip(self.weights, self.neurons, strict=True):
            # One product gives the input of all steps.
            currents = weights(spikes) / self.tau_s
            state = [torch.zeros_like(currents[0]) for _ in neurons.reset_mem()]
            steps = []
            for current in currents.unbind():
                output = neurons(current, *state)
                # A recurrent neuron's last spikes are part of its state.
                state = output if len(state) == len(output) else output[1:]
                steps.append(output[0])
            spikes = torch.stack(steps)
        return spikes


class _Reservoir(torch.nn.Linear):
    """The recurrent input, divided by tau_s like that from below; absent connections stay 0."""

    def __init__(self, weights: np.ndarray, exists: np.ndarray, tau_s: float):
        super().__init__(*weights.shape[::-1], bias=False)
        self.weight.data = torch.from_numpy(weights)
        # A gradient of 0 keeps Adam's moments and the weights of absent connections at 0.
        mask = torch.from_numpy(exists.astype(np.float32))
        self.weight.register_hook(lambda gradient: gradient * mask)
        self.tau_s = tau_s

    def forward(self, spikes):
        return super().forward(spikes) / self.tau_s


def _linear(weights: np.ndarray) -> torch.nn.Linear:
    linear = torch.nn.Linear(*weights.shape[::-1], bias=False)
    linear.weight.data = torch.from_numpy(weights)
    return linear


def feedforward_weights(layer: Layer) -> np.ndarray:
    """Weights from below, divided by the threshold, float32 (n_neurons, n_inputs)."""
    weights = layer.weights[:, : layer.n_neurons].T / layer.threshold
    return np.ascontiguousarray(weights, dtype=np.float32)


def recurrent_weights(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Recurrent weights / threshold, and which of them exist: float32 and bool (n, n), [i, l]."""
    shape = (layer.n_neurons, layer.n_neurons)
    weights, exists = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=bool)
    weights[layer.rec_post, layer.rec_pre] = layer.rec_weights / layer.threshold
    exists[layer.rec_post, layer.rec_pre] = True
    return weights, exists


class Training:
    """A network in training, in batches of `settings.batch_size`."""

    def __init__(self, network: Network, digits: Digits, settings: BpttTraining):
        self.digits, self.settings, self.seed = digits, settings, network.seed
        self.n_steps = network.model.n_steps
        self.module = SurrogateNetwork(network, settings)
        self.optimiser = torch.optim.Adam(self.module.parameters(), lr=settings.learning_rate)
        self._loss = _count_loss(self.n_steps)

    def train_epoch(self, epoch: int, tick: Callable[[int], object] = lambda n: None):
        """Train on every sample once; returns the share misclassified meanwhile, and mean loss.

        `epoch` (from 0) determines the order, the same as in the arm with `shuffle: full`.
        """
        n_wrong, loss_sum = 0, 0.0
        labels = self.digits.train_labels
        for batch in self._batches(epoch_order(self.seed, epoch, len(labels))):
            wanted = torch.from_numpy(labels[batch].astype(np.int64))
            spikes = self.module(self._encode(self.digits.train_images, batch, TRAIN_SPLIT))
            loss = self._loss(spikes, wanted)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.module.parameters(), LARGEST_GRADIENT)
            self.optimiser.step()
            n_wrong += int((_classes(spikes) != labels[batch]).sum())
            loss_sum += float(loss.detach()) * len(batch)
            tick(len(batch))
        return n_wrong / len(labels), loss_sum / len(labels)

    def test_error(self, tick: Callable[[int], object] = lambda n: None) -> float:
        """Share of the test digits that are misclassified."""
        n_wrong, labels = 0, self.digits.test_labels
        with torch.no_grad():
            for batch in self._batches(np.arange(len(labels))):
                spikes = self.module(self._encode(self.digits.test_images, batch, TEST_SPLIT))
                n_wrong += int((_classes(spikes) != labels[batch]).sum())
                tick(len(batch))
        return n_wrong / len(labels)

    def _batches(self, order: np.ndarray):
        size = self.settings.batch_size
        return (order[start : start + size] for start in range(0, len(order), size))

    def _encode(self, images, batch: np.ndarray, split: int) -> torch.Tensor:
        encoder = Encoder(self.seed, split, self.n_steps)
        n_inputs, _ = self.digits.sizes
        spikes = np.empty((self.n_steps, len(batch), n_inputs), dtype=np.float32)
        for place, index in enumerate(batch):
            spikes[:, place] = encoder.encode(images[index], int(index), n_inputs)
        return torch.from_numpy(spikes)


def _count_loss(n_steps: int):
    """snnTorch's mean squared error of the output counts, with the target counts of the study."""
    # The library truncates rate times steps; half a count more guards against rounding.
    label, other = ((count + 0.5) / n_steps for count in (TARGET_COUNT_LABEL, TARGET_COUNT_OTHER))
    return functional.mse_count_loss(correct_rate=label, incorrect_rate=other)


def _classes(spikes: torch.Tensor) -> np.ndarray:
    """The class with the most output spikes (the first in a tie), (batch,)."""
    return spikes.detach().sum(dim=0).numpy().argmax(axis=1)


def run_bptt(
    networks: Networks,
    seed: int,
    settings: dict,
    profile: str,
    *,
    metrics: str | Path,
    provenance: str | Path,
    progress: bool = True,
) -> None:
    """Train the network of an arm and `seed` by BPTT, and write its metrics and provenance.

    Runs on one thread and is reproducible: on one machine with the same versions, the arguments
    determine the metrics. The provenance holds the time of each epoch, as an arm's does.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    settings, digits = BpttTraining.model_validate(settings), networks.arm_digits
    arm, layers = networks.first, networks.layers
    no_table = np.zeros((1, 4))
    training = Training(Network(arm, layers, no_table, seed, *digits.sizes), digits, settings)
    rows, times = [], {"cpu_seconds_per_epoch": [], "seconds_per_epoch": []}
    with progress_bar(
        f"BPTT seed {seed}", arm.n_train + arm.n_test, settings.epochs, 0, progress
    ) as bar:
        for epoch in range(settings.epochs):
            begin, cpu_begin = time.perf_counter(), time.process_time()
            train_error, loss = training.train_epoch(epoch, bar.update)
            error = training.test_error(bar.update)
            times["seconds_per_epoch"].append(round(time.perf_counter() - begin, 3))
            times["cpu_seconds_per_epoch"].append(round(time.process_time() - cpu_begin, 3))
            rows.append(dict(epoch=epoch + 1, test_error=error, train_error=train_error, loss=loss))
            bar.set_postfix_str(f"test error {100 * error:.2f} %")
    commit, dirty = origin.code_commit()
    document = {
        "method": "bptt",
        "seed": seed,
        "profile": profile,
        "settings": settings.model_dump(mode="json"),
        "network": of_network(arm, layers),
        "data": origin.data(digits),
        "commit": commit,
        "dirty": dirty,
        "versions": origin.versions()
        | {"torch": torch.__version__, "snntorch": snntorch.__version__},
        "machine": origin.machine(),
        "device": "cpu",
        "started": started,
        **times,
        "seconds": round(sum(times["seconds_per_epoch"]), 3),
    }
    write_text(metrics_csv(rows), metrics)
    write_json(document, provenance)
