"""A complete network: forward pass, training step, and all intermediate results."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from strsbp.reference.adam import adam_step
from strsbp.reference.backward import (
    HM2BP_E_SILENT,
    HM2BP_RHO_SILENT,
    RHO_SILENT,
    feedforward_error,
    lateral_factor,
    normalised,
    recurrent_error,
    recurrent_system,
    regularisation,
    rho,
    side_effect,
    weight_gradient,
)
from strsbp.reference.denominator import ablated, feedforward_sum, floored, recurrent_sum
from strsbp.reference.lif import lateral_inhibition, lif_traces, prediction, spike_counts
from strsbp.reference.loss import cost, count_errors, repaired
from strsbp.reference.reservoir import connection_probability, draw_cell_types, draw_connections
from strsbp.reference.spsp import spsp_matrix
from strsbp.settings import LayerSettings, ModelSettings


@dataclass
class ReferenceLayer:
    """Weights of a layer with their Adam moments, float64."""

    kind: str
    """`feedforward`, `recurrent` or `output`."""
    weights: np.ndarray
    """Shape (n, m), post-synaptic neuron first."""
    threshold: float
    """Firing threshold in mV."""
    recurrent_weights: np.ndarray | None = None
    """Shape (n, n), 0 where no connection exists; None unless the layer is recurrent."""
    recurrent_mask: np.ndarray | None = None
    """Which recurrent connections exist, bool of shape (n, n)."""
    first: np.ndarray = field(init=False)
    second: np.ndarray = field(init=False)
    recurrent_first: np.ndarray | None = field(init=False, default=None)
    recurrent_second: np.ndarray | None = field(init=False, default=None)

    def __post_init__(self):
        self.weights = np.array(self.weights, dtype=np.float64)
        self.first, self.second = np.zeros_like(self.weights), np.zeros_like(self.weights)
        if self.kind == "recurrent":
            self.recurrent_mask = np.array(self.recurrent_mask, dtype=bool)
            self.recurrent_weights = np.array(self.recurrent_weights, dtype=np.float64)
            self.recurrent_first = np.zeros_like(self.recurrent_weights)
            self.recurrent_second = np.zeros_like(self.recurrent_weights)

    def feedback(self) -> np.ndarray | None:
        """Recurrent weights of the forward pass, shape (n, n), or None."""
        if self.kind == "output":
            return lateral_inhibition(len(self.weights))
        return self.recurrent_weights


@dataclass
class LayerResult:
    """What a training step computed in a layer, before the weights were updated."""

    spikes: np.ndarray
    """Forward spikes, bool of shape (T, n)."""
    counts: np.ndarray
    """Forward counts, shape (n,)."""
    backward_spikes: np.ndarray
    """Spikes used in the backward pass: the forward spikes, with a silent label repaired."""
    e: np.ndarray
    """S-PSP from the inputs, shape (n, m)."""
    s: np.ndarray
    """s_i = 1 - D_i before any ablation, |s_i| at least 1e-4 in recurrent layers, shape (n,)."""
    s_error: np.ndarray
    """Denominators of the error passed back, after ablation."""
    delta: np.ndarray
    """Error of this layer's neurons after `error_gain` and, unless `divide_by_threshold` is off,
    the division by the threshold, shape (n,)."""
    gradient: np.ndarray
    """Gradient of the input weights before regularisation, shape (n, m)."""
    regulariser: np.ndarray
    """What regularisation adds to `gradient`."""
    system: np.ndarray | None = None
    """Lmat of a recurrent layer, shape (n, n)."""
    recurrent_gradient: np.ndarray | None = None
    """Gradient of the recurrent weights before regularisation, 0 where there is no connection."""
    recurrent_regulariser: np.ndarray | None = None
    """What regularisation adds to `recurrent_gradient`."""
    lateral: np.ndarray | None = None
    """Lateral factor L_i of the output layer, shape (n,)."""
    input_error: np.ndarray | None = None
    """Error passed to the layer below, not yet divided by that layer's threshold, shape (m,);
    None in the first layer."""


@dataclass
class SampleResult:
    """What a training step computed, before the weights were updated."""

    layers: list[LayerResult]
    """One per layer, the output layer last."""
    prediction: int
    """Predicted class."""
    repaired: bool
    """Whether the label neuron was silent and was given a spike train."""
    errors: np.ndarray
    """d_i of the output counts, shape (n_classes,)."""
    cost: float
    """Sum of d_i squared."""


@dataclass
class ReferenceNetwork:
    """A network in float64; `train_sample` changes the weights of `layers` in place."""

    layers: list[ReferenceLayer]
    """Hidden layers, then the output layer."""
    table: Any
    """The effect ratios: an `EffectRatioTable` or a `SeparableTable`."""
    settings: ModelSettings

    def __post_init__(self):
        self.settings.check_layers([layer.kind for layer in self.layers[:-1]])

    @classmethod
    def initialise(
        cls,
        rng: np.random.Generator,
        n_inputs: int,
        hidden: list[LayerSettings],
        n_classes: int,
        table: Any,
        settings: ModelSettings,
    ) -> "ReferenceNetwork":
        """A network with weights drawn from U(-1, 1) and reservoirs as in section 3."""
        layers = []
        for layer in hidden:
            n = layer.n_neurons
            parts = {}
            if layer.kind == "recurrent":
                inhibitory = draw_cell_types(rng, n)
                probability = connection_probability(layer.shape, inhibitory, settings.reservoir)
                mask = draw_connections(rng, probability)
                drawn = np.where(mask, rng.uniform(-1, 1, (n, n)), 0.0)
                parts = dict(recurrent_weights=drawn, recurrent_mask=mask)
            weights = rng.uniform(-1, 1, (n, n_inputs))
            layers.append(ReferenceLayer(layer.kind, weights, settings.threshold_hidden, **parts))
            n_inputs = n
        weights = rng.uniform(-1, 1, (n_classes, n_inputs))
        layers.append(ReferenceLayer("output", weights, settings.threshold_output))
        return cls(layers, table, settings)

    def forward(self, input_spikes) -> list[np.ndarray]:
        """Spikes of each layer, bool of shape (T, n), for inputs of shape (T, m)."""
        inputs = np.asarray(input_spikes, dtype=bool)
        spikes = []
        for layer in self.layers:
            traces = lif_traces(
                inputs, layer.weights, threshold=layer.threshold, recurrent=layer.feedback(),
                **self.settings.dynamics,
            )  # fmt: skip
            inputs = traces.spikes
            spikes.append(inputs)
        return spikes

    def train_sample(
        self, input_spikes, label: int, boost: float = 1.0, epoch: int = 0, step: int = 1
    ) -> SampleResult:
        """Update every weight from one sample, and return all intermediate results.

        `epoch` counts from 0 and determines the step size; `step` counts Adam's updates from 1.
        """
        result = self.backward(input_spikes, self.forward(input_spikes), label, boost)
        rate = self.settings.step_size(epoch)
        for layer, computed in zip(self.layers, result.layers, strict=True):
            _update(layer, computed, step, rate)
        return result

    def backward(self, input_spikes, spikes, label: int, boost: float = 1.0) -> SampleResult:
        """Gradients of one sample from the forward spikes of each layer; no weights change."""
        output_counts = spike_counts(spikes[-1])
        backward_spikes = [*spikes[:-1], repaired(spikes[-1], label)]
        reported = backward_spikes if self.settings.cost == "repaired" else spikes
        errors = count_errors(output_counts, label)

        results: list[LayerResult] = []
        error = boost * errors
        for k in reversed(range(len(self.layers))):
            below = np.asarray(input_spikes, dtype=bool) if k == 0 else spikes[k - 1]
            result = self._layer_backward(k, below, spikes[k], backward_spikes[k], error, label)
            error = result.input_error
            results.append(result)

        return SampleResult(
            layers=results[::-1],
            prediction=prediction(output_counts),
            repaired=bool(output_counts[label] == 0),
            errors=errors,
            cost=cost(count_errors(spike_counts(reported[-1]), label)),
        )

    def _layer_backward(self, k, below, spikes, backward_spikes, error, label):
        layer, settings = self.layers[k], self.settings
        is_recurrent = layer.kind == "recurrent"
        counts, c_in, c_out = map(spike_counts, (spikes, below, backward_spikes))
        e = spsp_matrix(below, backward_spikes, **self.settings.dynamics)
        rho_silent, side = RHO_SILENT, 0.0
        if settings.gradient == "hm2bp_published" and not is_recurrent:
            rho_silent = HM2BP_RHO_SILENT
            e = np.where((c_out[:, None] == 0) & (c_in[None, :] > 0), HM2BP_E_SILENT, e)
            side = side_effect(e, layer.weights, c_out, layer.threshold)
        delta = settings.gain(k) * error
        if settings.divide_by_threshold:
            delta = delta / layer.threshold

        if is_recurrent:
            D = recurrent_sum(
                self.table, layer.weights, c_in, layer.recurrent_weights, c_out, layer.threshold
            )
            s = floored(1 - D)
        else:
            s = 1 - feedforward_sum(self.table, layer.weights, c_in, c_out, layer.threshold)
        s_weights, s_error = ablated(s, layer.kind, settings.gradient, settings.ablated_layers)

        system = recurrent_gradient = lateral = None
        if layer.kind != "feedforward":
            e_recurrent = spsp_matrix(spikes, spikes, **self.settings.dynamics)
            rho_recurrent = rho(e_recurrent, counts, counts, rho_silent)
        if is_recurrent:
            system = recurrent_system(
                s_error, layer.recurrent_weights, rho_recurrent, layer.threshold
            )
            recurrent_gradient = np.where(
                layer.recurrent_mask, weight_gradient(delta, e_recurrent, s_weights), 0.0
            )
        if layer.kind == "output":
            lateral = lateral_factor(rho_recurrent, counts, label, layer.threshold)
        if settings.gradient == "strsbp_normalised" and not is_recurrent:
            s_weights = s_error = normalised(s, delta, e, lateral)

        input_error, rho_input = None, rho(e, c_in, c_out, rho_silent)
        if k > 0 and is_recurrent:
            input_error = recurrent_error(delta, system, layer.weights, rho_input, settings.adjoint)
        elif k > 0:
            input_error = feedforward_error(delta, s_error, layer.weights, rho_input)
        regulariser, recurrent_regulariser = regularisation(
            layer.weights, layer.recurrent_weights, layer.recurrent_mask,
            strength=settings.regularisation,
        )  # fmt: skip
        return LayerResult(
            spikes=spikes, counts=counts, backward_spikes=backward_spikes, e=e, s=s,
            s_error=s_error, delta=delta,
            gradient=weight_gradient(delta * (1 + side), e, s_weights, lateral),
            regulariser=regulariser, system=system, recurrent_gradient=recurrent_gradient,
            recurrent_regulariser=recurrent_regulariser, lateral=lateral, input_error=input_error,
        )  # fmt: skip


def _update(layer: ReferenceLayer, result: LayerResult, step: int, rate: float) -> None:
    """One Adam step on the layer's weights; missing recurrent connections stay 0."""
    trained = [(layer.weights, layer.first, layer.second)]
    gradients = [result.gradient + result.regulariser]
    if layer.kind == "recurrent":
        trained.append((layer.recurrent_weights, layer.recurrent_first, layer.recurrent_second))
        gradients.append(result.recurrent_gradient + result.recurrent_regulariser)
    for arrays, gradient in zip(trained, gradients, strict=True):
        weights, first, second = arrays
        new = adam_step(weights, gradient, first, second, step=step, rate=rate)
        for array, values in zip(arrays, new, strict=True):
            array[...] = values
