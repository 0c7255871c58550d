"""A layer: its settings, its weights, and the arrays that its kernels use."""

import numpy as np

from strsbp.engine import state, update
from strsbp.engine.forward import WORD
from strsbp.engine.loss import HM2BP_RHO_SILENT, RHO_SILENT
from strsbp.engine.memory import allocate
from strsbp.engine.state import LayerArrays
from strsbp.engine.trains import SpikeTrains
from strsbp.reference.reservoir import connection_probability, draw_cell_types, draw_connections
from strsbp.settings import ModelSettings

LANES = 16
"""Rows are padded with zeros to a multiple of this many float32 (one 512-bit register)."""

_F32 = np.float32


def padded(n: int) -> int:
    """`n` rounded up to a multiple of `LANES`."""
    return -(-n // LANES) * LANES


class Layer:
    """A spiking layer: feed-forward, recurrent (a trained sparse reservoir), or the output layer.

    `position`: 0 for the first layer; `shape`: the grid of a recurrent layer. Arrays are float32,
    and exist from `initialise` on. `weights` (m, n_padded) is input-major: `weights[j, i]` is w_ij.
    Recurrent connections are sorted by pre-synaptic, then post-synaptic neuron: `rec_ptr`
    (n_padded + 1,), `rec_post` and `rec_weights` (one entry per connection). `error` (n_padded,)
    receives the error of this layer's spike counts, not yet divided by the threshold. `arrays` is
    the tuple of all arrays and constants that the kernels use.
    """

    def __init__(
        self, position, n_inputs, n_neurons, model: ModelSettings, *, shape=None, output=False
    ):
        self.shape, self.recurrent = shape, shape is not None
        kind = "output" if output else "recurrent" if self.recurrent else "feedforward"
        self.name = f"{kind}{position + 1}"
        self.n_inputs, self.n_neurons, self.model, self.output = n_inputs, n_neurons, model, output
        threshold = model.threshold_output if output else model.threshold_hidden
        self.threshold = _F32(threshold)
        acts = not self.recurrent or model.ablated_layers == "all"
        gradient = model.gradient if acts else "strsbp"
        as_hm2bp = gradient == "hm2bp_published"
        divisor = threshold if model.divide_by_threshold else 1.0
        self._constants = dict(
            n_inputs=n_inputs, n_neurons=n_neurons, n_steps=model.n_steps,
            refractory_steps=np.int32(model.refractory_steps), threshold=self.threshold,
            error_divisor=_F32(divisor / model.gain(position)),
            fires_above=_F32(threshold - 1e-6), decay_s=_F32(1 - 1 / model.tau_s),
            decay_m=_F32(1 - 1 / model.tau_m), gain=_F32(1 / model.tau_s),
            regularisation=model.regularisation, output=output, recurrent=self.recurrent,
            one_way=model.reservoir == "published",
            published_adjoint=model.adjoint == "published",
            ablates_weights=gradient.startswith("hm2bp"),
            ablates_back=gradient in ("hm2bp", "hm2bp_published"),
            normalised=gradient == "strsbp_normalised", as_hm2bp=as_hm2bp,
            rho_silent=HM2BP_RHO_SILENT if as_hm2bp else RHO_SILENT,
            repaired_cost=model.cost == "repaired",
        )  # fmt: skip

    def _allocate(self, n_connections: int) -> None:
        """Allocate all arrays, filled with 0, or 1 for denominators and lateral factors."""
        n, n_steps = padded(self.n_neurons), self.model.n_steps
        of_repair = n if self.output else 0
        specs: dict[str, tuple[tuple[int, ...], type]] = {
            "trained": ((3, self.n_inputs, n), _F32),
            "rows": ((state.N_ROWS, n), _F32),
            "traces": ((n_steps + 1, n if self.output or self.recurrent else min(n, WORD)), _F32),
            "rec_ptr": ((n + 1,), np.int32),
            "rec_post": ((n_connections,), np.int32),
            "rec_trained": ((3, n_connections), _F32),
            "rec_values": ((2, n_connections), _F32),
            "system": ((8, n), np.float64),
            "neurons": ((3, n), _F32),
            "fired": ((n_steps + 1, -(-n // WORD)), np.uint64),
            "active": ((self.n_inputs,), np.int32),
            "spsp": ((self.n_inputs, n), _F32),
            "repaired_ptr": ((of_repair + 1,), np.int32),
            "spsp_outputs": ((of_repair, of_repair), _F32),
        }
        arrays = allocate(*specs.values(), *SpikeTrains.specs(n, n_steps))
        own: dict = dict(zip(specs, arrays, strict=False))
        self.trains = SpikeTrains(n, n_steps, arrays[len(specs) :])
        self.arrays = LayerArrays(
            **own, trains=self.trains.arrays, n_terms=self.n_inputs + 1 + n_connections,
            **self._constants,  # type: ignore[arg-type]
        )  # fmt: skip
        rows = self.arrays.rows
        rows[[state.DENOMINATORS, state.LATERAL, state.ONES]] = 1
        self.weights, self.first_moments, self.second_moments = self.arrays.trained
        self.rec_ptr, self.rec_post = self.arrays.rec_ptr, self.arrays.rec_post
        self.rec_weights, self.rec_first_moments, self.rec_second_moments = self.arrays.rec_trained
        self.error, self.scaled_error = rows[state.ERROR], rows[state.SCALED_ERROR]
        self.denominators, self.lateral = rows[state.DENOMINATORS], rows[state.LATERAL]

    def initialise(self, rng: np.random.Generator) -> None:
        """Draw the weights from U(-1, 1), in a recurrent layer also the connections."""
        draws = rng.uniform(-1, 1, size=(self.n_inputs, self.n_neurons))
        pre = post = np.zeros(0, dtype=np.int64)
        if self.recurrent:
            inhibitory = draw_cell_types(rng, self.n_neurons)
            probability = connection_probability(self.shape, inhibitory, self.model.reservoir)
            pre, post = np.nonzero(draw_connections(rng, probability).T)
        self._allocate(post.size)
        self.weights[:, : self.n_neurons] = draws
        np.cumsum(np.bincount(pre, minlength=self.rec_ptr.size - 1), out=self.rec_ptr[1:])
        self.rec_post[:] = post
        self.rec_weights[:] = rng.uniform(-1, 1, size=post.size)
        self.refresh_sums()

    @property
    def rec_pre(self) -> np.ndarray:
        """Pre-synaptic neuron of each connection."""
        return np.repeat(np.arange(self.error.size), np.diff(self.rec_ptr))

    def state(self) -> dict[str, np.ndarray]:
        """The arrays that training changes, and any connections, by name; not copies."""
        trained = ["weights", "first_moments", "second_moments"]
        own = ["rec_ptr", "rec_post", *(f"rec_{name}" for name in trained)]
        names = trained + own if self.recurrent else trained
        return {name: getattr(self, name) for name in names}

    def refresh_sums(self) -> None:
        """Recompute the sums over the weights after the weights were set from outside."""
        update.refresh_sums(self.arrays)
