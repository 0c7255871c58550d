"""A layer's weights, working space and the order in which a sample passes through it."""

import numpy as np

from strsbp.engine import adjoint, denominators, forward, loss, spsp, update
from strsbp.engine.trains import SpikeTrains
from strsbp.reservoir import connection_probability, draw_cell_types, draw_connections
from strsbp.settings import ModelSettings

LANES = 16
"""Rows are padded with zeros to a multiple of this many float32, one vector register."""

_F32 = np.float32
_NO_CONNECTIONS = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)


def padded(n: int) -> int:
    """`n` rounded up to a whole number of lanes."""
    return -(-n // LANES) * LANES


class Layer:
    """A feed-forward spiking layer; the output layer adds lateral inhibition.

    Arrays are float32. `weights` (m, n_padded) lies input-major: `weights[j, i]` is w_ij.
    `error` (n_padded,) receives the error of this layer's spike counts before it is divided by
    the threshold. `smallest_denominator` is the smallest |s_i| of the last sample.
    """

    recurrent = False

    def __init__(self, name, n_inputs, n_neurons, threshold, model: ModelSettings, *, output=False):
        self.name, self.n_inputs, self.n_neurons = name, n_inputs, n_neurons
        self.output = output
        self.model = model
        n = padded(n_neurons)
        self.threshold = _F32(threshold)
        self._fires_above = _F32(threshold - 1e-6)
        self._decay_s = _F32(1 - 1 / model.tau_s)
        self._decay_m = _F32(1 - 1 / model.tau_m)
        self._gain = _F32(1 / model.tau_s)
        self._refractory_steps = np.int32(model.refractory_steps)
        ablated = self._is_ablated()
        self.ablates_weights = ablated and model.gradient != "strsbp"
        self.ablates_back = ablated and model.gradient == "hm2bp"

        self.weights = np.zeros((n_inputs, n), dtype=_F32)
        self.first_moments = np.zeros_like(self.weights)
        self.second_moments = np.zeros_like(self.weights)
        self._column_sums = np.zeros(n, dtype=_F32)
        self._square_sums = np.zeros(n, dtype=_F32)
        self._n_terms = n_inputs + 1

        self.trains = SpikeTrains(n, model.n_steps)
        self._current, self._membrane = np.zeros(n, _F32), np.zeros(n, _F32)
        self._refractory = np.zeros(n, np.int32)
        self._fired = np.zeros(n, np.uint8)
        self._fired_words = self._fired.view(np.uint64)

        self._traces = spsp.allocate_traces(model.n_steps, n)
        self._window = np.zeros(n, _F32)
        self._sums = np.zeros((4, n), _F32)
        self.error, self.scaled_error = np.zeros(n, _F32), np.zeros(n, _F32)
        self.denominators = np.ones(n, _F32)
        self.lateral = np.ones(n, _F32)
        self._factors = np.zeros(n, _F32)
        self._weight_error = np.zeros(n, _F32)
        self._back_error, self._back_silent = np.zeros(n, _F32), np.zeros(n, _F32)
        self._back_all = np.zeros(n, _F32)
        self._row, self._gradient = np.zeros(n, _F32), np.zeros(n, _F32)
        self._ones = np.ones(n, _F32)
        self.smallest_denominator = np.inf
        if output:
            self._spsp_outputs = np.zeros((n, n), _F32)
            self._repaired_ptr = np.zeros(n + 1, np.int32)
            self._effective = SpikeTrains(n, model.n_steps)

    def _is_ablated(self) -> bool:
        return True

    def initialise(self, rng: np.random.Generator) -> None:
        """Draw every weight from U(-1, 1)."""
        draws = rng.uniform(-1, 1, size=(self.n_inputs, self.n_neurons))
        self.weights[:, : self.n_neurons] = draws

    def state(self) -> dict[str, np.ndarray]:
        """What training changes, by name; arrays are the layer's own."""
        return {
            "weights": self.weights,
            "first_moments": self.first_moments,
            "second_moments": self.second_moments,
        }

    def refresh_sums(self) -> None:
        """Recompute the sums over the weights after they were set from outside."""
        update.weight_sums(self.weights, self._column_sums, self._square_sums)

    def forward(self, inputs: SpikeTrains) -> None:
        """Fill `trains` with the spikes that `inputs` evokes."""
        self._run(inputs, self._no_ptr, *_NO_CONNECTIONS)

    _no_ptr = np.zeros(1, dtype=np.int32)

    def _run(self, inputs, rec_ptr, rec_post, rec_weights) -> None:
        forward.lif_layer(
            inputs.step_ptr, inputs.step_idx, self.weights, rec_ptr, rec_post, rec_weights,
            self.output, self._decay_s, self._decay_m, self._gain, self._fires_above,
            self._refractory_steps, self._current, self._membrane, self._refractory,
            self._fired, self._fired_words, self.trains.step_ptr, self.trains.step_idx,
        )  # fmt: skip
        self.trains.index_by_neuron()

    def _trace(self, trains: SpikeTrains) -> None:
        spsp.post_traces(
            trains.step_ptr, trains.step_idx, self._refractory_steps, self._decay_s,
            self._decay_m, self._gain, self._window, self._traces,
        )  # fmt: skip

    def prepare_output(self, label: int) -> np.ndarray:
        """Lateral factors, then the repair of a silent label; returns the offsets to use.

        The output layer's traces are left as the repaired spikes make them.
        """
        trains = self.trains
        self._trace(trains)
        spsp.spsp_matrix(self._traces, trains.neuron_ptr, trains.neuron_times, self._spsp_outputs)
        loss.lateral_factors(
            trains.neuron_ptr, self.n_neurons, label, self.threshold, self._spsp_outputs,
            self.lateral,
        )  # fmt: skip
        if trains.neuron_ptr[label + 1] > trains.neuron_ptr[label]:
            return trains.neuron_ptr
        effective = self._effective
        loss.repaired_trains(
            trains.neuron_ptr, trains.neuron_times, label, self._refractory_steps,
            self.model.n_steps, self._repaired_ptr, effective.neuron_ptr, effective.neuron_times,
        )  # fmt: skip
        effective.index_by_step()
        self._trace(effective)
        return self._repaired_ptr

    def backward(
        self, inputs: SpikeTrains, coefficients, has_error, step, root_scale, back, label
    ) -> None:
        """Gradient, back-propagated error into `back` (or None) and update for one sample.

        Reads `error`. `coefficients` (K, 4) float32: the table's derivative coefficients;
        `step`, `root_scale`: Adam's step size with its bias corrections.
        """
        self._regulariser_factors()
        if has_error:
            offsets = self.trains.neuron_ptr
            if self.output:
                offsets = self.prepare_output(label)
            else:
                self._trace(self.trains)
            loss.scale_by_threshold(self.error, self.threshold, self.scaled_error)
            if not (self.ablates_weights and self.ablates_back):
                self._denominators(inputs, coefficients, offsets)
            loss.weight_error(
                self.scaled_error, self.denominators, self.ablates_weights, self.lateral,
                self._weight_error,
            )  # fmt: skip
            base = self._back_base(offsets)
            loss.back_errors(base, offsets, self._back_error, self._back_silent, self._back_all)
        self._update(inputs, has_error, step, root_scale, back)

    def _regulariser_factors(self) -> None:
        update.regulariser_factors(
            self._square_sums, self._n_terms, self.model.regularisation, self._factors
        )

    def _denominators(self, inputs, coefficients, offsets) -> None:
        denominators.cubic_sums(
            inputs.neuron_ptr[: self.n_inputs + 1], coefficients, self.weights,
            self._column_sums, self._sums,
        )  # fmt: skip
        self._add_recurrent_sums(coefficients)
        self.smallest_denominator = denominators.denominators(
            self._sums, offsets[: self.n_neurons + 1], self.threshold, self.recurrent,
            coefficients.shape[0], self.denominators,
        )  # fmt: skip

    def _add_recurrent_sums(self, coefficients) -> None:
        pass

    def _back_base(self, offsets) -> np.ndarray:
        """What multiplies w_ij rho_ij in the error of the layer below: delta_i / s_i."""
        base = self._gradient  # free until the update pass
        loss.weight_error(self.scaled_error, self.denominators, self.ablates_back, self._ones, base)
        return base

    def _update(self, inputs, has_error, step, root_scale, back) -> None:
        wants_back = back is not None
        update.update_layer(
            inputs.neuron_ptr, inputs.neuron_times, self._traces, self.weights,
            self.first_moments, self.second_moments, self._factors, step, root_scale, has_error,
            self._weight_error, self._back_error, self._back_silent, self._back_all, wants_back,
            back if wants_back else self._row, self._row, self._gradient, self._column_sums,
            self._square_sums,
        )  # fmt: skip


class RecurrentLayer(Layer):
    """A layer with a trained sparse reservoir.

    Connections are ordered by pre-synaptic neuron, then post-synaptic neuron: `rec_ptr` (n + 1),
    `rec_post` and `rec_weights` (one a connection).
    """

    recurrent = True

    def __init__(self, name, n_inputs, shape, threshold, model: ModelSettings):
        super().__init__(name, n_inputs, int(np.prod(shape)), threshold, model)
        self.shape = tuple(shape)
        self.one_way = model.reservoir == "published"
        self._y = np.zeros(self.error.size)
        self._work = np.zeros((7, self.error.size))
        self.connect(np.zeros((self.n_neurons, self.n_neurons), dtype=bool))

    def _is_ablated(self) -> bool:
        return self.model.ablated_layers == "all"

    def connect(self, exists) -> None:
        """Make the connections l -> i where `exists[i, l]`, with weight 0."""
        n = self.error.size
        pre, post = np.nonzero(np.asarray(exists).T)
        self.rec_ptr = np.zeros(n + 1, dtype=np.int32)
        np.cumsum(np.bincount(pre, minlength=n), out=self.rec_ptr[1:])
        self.rec_post = post.astype(np.int32)
        self.rec_weights = np.zeros(post.size, dtype=_F32)
        self.rec_first_moments = np.zeros_like(self.rec_weights)
        self.rec_second_moments = np.zeros_like(self.rec_weights)
        self._spsp_connections = np.zeros_like(self.rec_weights)
        self._off_diagonal = np.zeros_like(self.rec_weights)
        self._n_terms = self.n_inputs + 1 + post.size

    @property
    def rec_pre(self) -> np.ndarray:
        """Pre-synaptic neuron of each connection."""
        return np.repeat(np.arange(self.error.size), np.diff(self.rec_ptr))

    def initialise(self, rng: np.random.Generator) -> None:
        """Draw cell types, connections and every weight."""
        super().initialise(rng)
        inhibitory = draw_cell_types(rng, self.n_neurons)
        probability = connection_probability(self.shape, inhibitory, self.model.reservoir)
        self.connect(draw_connections(rng, probability))
        self.rec_weights[:] = rng.uniform(-1, 1, size=self.rec_weights.size)

    def state(self) -> dict[str, np.ndarray]:
        """What training changes and the connections, by name."""
        return super().state() | {
            "rec_ptr": self.rec_ptr,
            "rec_post": self.rec_post,
            "rec_weights": self.rec_weights,
            "rec_first_moments": self.rec_first_moments,
            "rec_second_moments": self.rec_second_moments,
        }

    def refresh_sums(self) -> None:
        """Recompute the sums over both weight groups."""
        super().refresh_sums()
        update.connection_sums(self.rec_post, self.rec_weights, self._square_sums)

    def forward(self, inputs: SpikeTrains) -> None:
        """Fill `trains` with the spikes that `inputs` and the layer's own spikes evoke."""
        self._run(inputs, self.rec_ptr, self.rec_post, self.rec_weights)

    def _add_recurrent_sums(self, coefficients) -> None:
        denominators.cubic_sums_recurrent(
            self.trains.neuron_ptr, coefficients, self.rec_ptr, self.rec_post, self.rec_weights,
            self._sums,
        )  # fmt: skip

    def _back_base(self, offsets) -> np.ndarray:
        trains = self.trains
        spsp.spsp_on_connections(
            self._traces, trains.neuron_ptr, trains.neuron_times, self.rec_ptr, self.rec_post,
            self._spsp_connections,
        )  # fmt: skip
        adjoint.off_diagonal(
            trains.neuron_ptr, self.rec_ptr, self.rec_post, self.rec_weights,
            self._spsp_connections, self.threshold, self._off_diagonal,
        )  # fmt: skip
        if self.model.adjoint == "published":
            return self.scaled_error
        self._solve(self.scaled_error)
        return self._y

    def _solve(self, right_hand_side) -> None:
        n = self.n_neurons
        s = self._ones if self.ablates_back else self.denominators
        adjoint.solve_adjoint(
            s[:n], self.rec_ptr, self.rec_post, self._off_diagonal, self.one_way,
            right_hand_side[:n], self._y[:n], self._work[:, :n],
        )  # fmt: skip

    def _update(self, inputs, has_error, step, root_scale, back) -> None:
        super()._update(inputs, has_error, step, root_scale, back)
        if has_error and back is not None and self.model.adjoint == "published":
            # The published program solves after R has been applied (finding F6).
            self._solve(back)
            back[:] = self._y[: self.n_neurons]
        update.update_connections(
            self.rec_ptr, self.rec_post, self.rec_weights, self.rec_first_moments,
            self.rec_second_moments, self._spsp_connections, has_error, self._weight_error,
            self._factors, step, root_scale, self._square_sums,
        )  # fmt: skip
