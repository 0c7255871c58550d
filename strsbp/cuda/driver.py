"""Runs the samples of many replicas on one GPU: memory, kernel launches and the recorded graph.

A replica is one seed of an arm. All replicas of a batch share layer sizes, settings, table and
images; each has its own weights, reservoir, sample order, input spikes and boosting weights, and
produces the same numbers as `strsbp.engine` for its seed. The array module is an argument (CuPy, or
a stand-in in tests); only its arrays, `RawModule` and streams are used.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from strsbp.cuda.source import kernel_source, options
from strsbp.data import Digits
from strsbp.encoding import TEST_SPLIT, THRESHOLDS, TRAIN_SPLIT
from strsbp.engine.adam import BETA_1, BETA_2
from strsbp.engine.layers import Layer
from strsbp.engine.loss import HM2BP_E_SILENT, HM2BP_RHO_SILENT, RHO_SILENT
from strsbp.engine.network import Network
from strsbp.engine.update import REGULARISER_BETA, REGULARISER_SCALE

THREADS = 128
"""Threads per block, except for most kernels with one block per replica."""
MOST_THREADS = 512
"""Largest number of threads per block, as in kernels/common.cuh."""
SEGMENT_WORDS, SEGMENT_BITS = 32, 1024
"""Mask words and bits listed at a time, as in kernels/common.cuh."""
SYNCHRONISE_EVERY = 256
"""The host waits after this many samples, for its progress bar and for interrupts."""

_I32, _U32, _F32, _F64 = np.int32, np.uint32, np.float32, np.float64
_STATE = ("weights", "first_moments", "second_moments")
_REC_STATE = ("rec_weights", "rec_first_moments", "rec_second_moments")


def words(n_bits: int) -> int:
    """Number of 32-bit words needed for `n_bits` bits."""
    return -(-n_bits // 32)


def layout(
    template: Network, n_connections: Sequence[int], n_train: int, n_test: int
) -> dict[str, tuple[tuple[int, ...], type]]:
    """Name, shape and dtype of the arrays that each replica has.

    `n_connections`: per layer, the largest number of recurrent connections of any replica, 0 for
    layers without any.
    """
    n_steps, n_inputs = template.model.n_steps, template.n_inputs
    layers = template.layers
    widest = max(layer.error.size for layer in layers)
    arrays = {
        "seed": ((), np.uint64),
        "order": ((n_train,), _I32),
        "boost": ((n_train,), _F32),
        "predictions": ((n_train,), _I32),
        "costs": ((n_train,), _F64),
        "test_order": ((n_test,), _I32),
        "test_predictions": ((n_test,), _I32),
        "test_totals": ((n_test, len(layers)), _I32),
        "test_silent": ((n_test, len(layers)), _I32),
        "has_error": ((), _I32),
        "input/step_mask": ((n_steps, words(n_inputs)), _U32),
        "input/neuron_mask": ((n_inputs, words(n_steps)), _U32),
        "input/counts": ((n_inputs,), _I32),
        "traces": ((n_steps + 1, widest), _F32),
    }
    for k, layer in enumerate(layers):
        n, own = layer.error.size, {}
        own |= {name: (layer.weights.shape, _F32) for name in _STATE}
        own |= {
            name: ((n,), _F32)
            for name in (
                "column_sums", "square_sums", "error", "scaled_error", "denominators", "factors",
                "weight_error", "back_error", "back_silent", "back_all", "lateral",
            )
        }  # fmt: skip
        own |= {
            "step_mask": ((n_steps, words(layer.n_neurons)), _U32),
            "neuron_mask": ((n, words(n_steps)), _U32),
            "counts": ((n,), _I32),
            "n_terms": ((), _I32),
            "smallest": ((), _I32),
            "broken": ((), _I32),
        }
        if stores_spsp(layer):
            own["input_spsp"] = (layer.weights.shape, _F32)
        if layer.normalised:
            own["squares"] = ((n,), _F32)
        if layer.output:
            own |= {
                "backward_mask": ((n, words(n_steps)), _U32),
                "backward_counts": ((n,), _I32),
                "spsp": ((layer.n_neurons, layer.n_neurons), _F32),
            }
        if layer.recurrent:
            most = max(n_connections[k], 1)
            own |= {name: ((most,), _F32) for name in (*_REC_STATE, "spsp", "off_diagonal")}
            own |= {name: ((most,), _I32) for name in ("rec_pre", "rec_post")}
            own |= {name: ((most,), _I32) for name in ("incoming_pre", "incoming_connection")}
            own |= {name: ((n + 1,), _I32) for name in ("rec_ptr", "incoming_ptr")}
            if solves(template, k):
                own["solution"] = ((n,), _F64)
                if layer.one_way:
                    own |= {
                        "n_levels": ((), _I32),
                        "level_ptr": ((layer.n_neurons + 1,), _I32),
                        "level_order": ((layer.n_neurons,), _I32),
                    }
                else:
                    own |= {"work": ((7, n), _F64), "failed": ((), _I32)}
        arrays |= {f"{k}/{name}": value for name, value in own.items()}
    return arrays


def solves(template: Network, k: int) -> bool:
    """Whether layer `k` has a recurrent system to solve; the first layer passes no error back."""
    return template.layers[k].recurrent and k > 0


def stores_spsp(layer: Layer) -> bool:
    """Whether e_ij is stored, because the gradient needs sums over the inputs before the update."""
    return layer.normalised or layer.as_hm2bp


def rho_silent(layer: Layer) -> np.float32:
    """rho_ij if either neuron is silent."""
    return HM2BP_RHO_SILENT if layer.as_hm2bp else RHO_SILENT


def bytes_per_replica(
    template: Network, n_connections: Sequence[int], n_train: int, n_test: int
) -> int:
    """Bytes of device memory per replica."""
    plan = layout(template, n_connections, n_train, n_test).values()
    return sum(math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in plan)


def connections_of(template: Network, states: Sequence[dict]) -> list[int]:
    """Per layer, the largest number of recurrent connections in any of `states`."""
    return [
        max(state[f"{layer.name}/rec_post"].size for state in states) if layer.recurrent else 0
        for layer in template.layers
    ]


class Replicas:
    """A batch of networks on the device.

    Parameters
    ----------
    template: a CPU network with the batch's settings; its weights are not used.
    seeds, states: seed and `Network.state()` of each replica; all states must have the same
        number of updates.
    digits: the images that all replicas train on.
    xp: the array module.
    """

    def __init__(
        self, template: Network, seeds: Sequence[int], states: Sequence[dict], digits: Digits, xp
    ):
        self.template, self.xp = template, xp
        self.layers = template.layers
        self.n_replicas = len(seeds)
        self.n_train, self.n_test = len(digits.train_labels), len(digits.test_labels)
        updates = {int(state["n_updates"]) for state in states}
        if len(updates) != 1 or len(states) != len(seeds):
            raise ValueError("the replicas of a batch must have had the same number of updates")
        self.n_updates = updates.pop()
        self.stream = xp.cuda.Stream(non_blocking=True)
        with self.stream:
            self._compile()
            self._allocate(states, digits)
            self._upload(seeds, states)
            self._train_sample = self._recorded(list(self._train_launches()))
            self._test_sample = self._recorded(list(self._test_launches()))
            self._upload(seeds, states)  # again, because recording ran the kernels once

    # Memory

    def _compile(self) -> None:
        widest = max(layer.n_neurons for layer in self.layers)
        per_thread = -(-widest // MOST_THREADS)
        basis = self.template.derivative.basis
        compiling = options(per_thread, len(basis) if basis.size else None)
        module = self.xp.RawModule(code=kernel_source(), options=compiling)
        self._kernel = module.get_function

    def _allocate(self, states, digits: Digits) -> None:
        xp = self.xp
        self._most_connections = connections_of(self.template, states)
        plan = layout(self.template, self._most_connections, self.n_train, self.n_test)
        self.arrays = {
            name: xp.zeros((self.n_replicas, *shape), dtype=dtype)
            for name, (shape, dtype) in plan.items()
        }
        shared = {
            "train_images": digits.train_images,
            "train_labels": digits.train_labels,
            "test_images": digits.test_images,
            "thresholds": THRESHOLDS,
            "coefficients": self.template.derivative.coefficients,
            "basis": self.template.derivative.basis,
            "position": np.zeros(1, _I32),
            "steps": np.zeros(self.n_train, _F32),
            "root_scales": np.zeros(self.n_train, _F32),
            "none_i32": np.zeros(1, _I32),
            "none_f32": np.zeros(1, _F32),
        }
        self.shared = {name: xp.asarray(np.ascontiguousarray(a)) for name, a in shared.items()}
        rows = [
            layer.n_neurons
            for k, layer in enumerate(self.layers)
            if solves(self.template, k) and not layer.one_way
        ]
        if rows:  # one matrix for all replicas: elimination is rare and handles one at a time
            self.shared["matrix"] = xp.zeros(max(rows) * (max(rows) + 1), dtype=_F64)

    def _upload(self, seeds, states) -> None:
        host = {
            name: np.zeros((self.n_replicas, *shape), dtype)
            for name, (shape, dtype) in layout(
                self.template, self._most_connections, self.n_train, self.n_test
            ).items()
            if name in ("seed", "test_order") or name.partition("/")[2] in _UPLOADED
        }
        host["seed"][:] = np.array(seeds, dtype=np.uint64)
        host["test_order"][:] = np.arange(self.n_test)
        for k, layer in enumerate(self.layers):
            host[f"{k}/denominators"][:] = 1
            host[f"{k}/lateral"][:] = 1
            for r, state in enumerate(states):
                own = {name: host[f"{k}/{name}"] for name in _STATE}
                for name, array in own.items():
                    array[r] = state[f"{layer.name}/{name}"]
                host[f"{k}/n_terms"][r] = layer.n_inputs + 1
                if layer.recurrent:
                    self._fill_connections(host, r, k, state)
        for name, array in host.items():
            self.arrays[name].set(array)
        self._run(self._sum_launches())

    def _fill_connections(self, host, r: int, k: int, state) -> None:
        layer = self.layers[k]
        ptr, post = state[f"{layer.name}/rec_ptr"], state[f"{layer.name}/rec_post"]
        n = post.size
        pre = np.repeat(np.arange(ptr.size - 1), np.diff(ptr))
        for name in _REC_STATE:
            host[f"{k}/{name}"][r, :n] = state[f"{layer.name}/{name}"]
        host[f"{k}/n_terms"][r] += n
        host[f"{k}/rec_ptr"][r] = ptr
        host[f"{k}/rec_pre"][r, :n] = pre
        host[f"{k}/rec_post"][r, :n] = post
        # Sorted by post-synaptic, then pre-synaptic neuron: the order of every sum.
        incoming = np.argsort(post, kind="stable")
        host[f"{k}/incoming_connection"][r, :n] = incoming
        host[f"{k}/incoming_pre"][r, :n] = pre[incoming]
        counts = np.bincount(post, minlength=ptr.size - 1)
        host[f"{k}/incoming_ptr"][r, 1:] = np.cumsum(counts)
        if f"{k}/level_ptr" in host:
            order, starts = dependency_levels(ptr, post, layer.n_neurons)
            host[f"{k}/n_levels"][r] = starts.size - 1
            host[f"{k}/level_order"][r] = order
            host[f"{k}/level_ptr"][r, : starts.size] = starts

    def state(self) -> list[dict[str, np.ndarray]]:
        """`Network.state()` of each replica, copied to the host."""
        found = [{"n_updates": np.array(self.n_updates)} for _ in range(self.n_replicas)]
        for k, layer in enumerate(self.layers):
            names = _STATE + (_REC_STATE + ("rec_ptr", "rec_post") if layer.recurrent else ())
            for name in names:
                whole = self._get(f"{k}/{name}")
                for r, state in enumerate(found):
                    state[f"{layer.name}/{name}"] = whole[r].copy()
            if layer.recurrent:
                for state in found:
                    n = int(state[f"{layer.name}/rec_ptr"][-1])
                    for name in (*_REC_STATE, "rec_post"):
                        key = f"{layer.name}/{name}"
                        state[key] = state[key][:n]
        return found

    def _get(self, name: str) -> np.ndarray:
        with self.stream:
            self.stream.synchronize()
            return self.arrays[name].get()

    # Launches

    def _recorded(self, launches) -> Callable[[], None]:
        """A function that enqueues `launches`, as one recorded graph if graphs are supported."""
        if not hasattr(self.stream, "begin_capture"):
            return lambda: self._run(launches)
        self.shared["position"].fill(0)
        self._run(launches)  # loads the kernels, which older drivers cannot do during capture
        self.stream.synchronize()
        self.stream.begin_capture()
        self._run(launches)
        graph = self.stream.end_capture()
        return lambda: graph.launch(self.stream)

    def _run(self, launches) -> None:
        for kernel, grid, block, arguments, shared_bytes in launches:
            kernel(grid, block, arguments, shared_mem=shared_bytes)

    def _launch(self, name: str, blocks: int, threads: int, *arguments, shared: int = 0):
        """One launch with `blocks` blocks per replica."""
        return (
            self._kernel(name), (blocks, self.n_replicas), (threads,), arguments, shared,
        )  # fmt: skip

    def _constants(self, layer: Layer):
        model = self.template.model
        decay_s, decay_m = _F32(1 - 1 / model.tau_s), _F32(1 - 1 / model.tau_m)
        return decay_s, decay_m, _F32(1 / model.tau_s), _I32(model.refractory_steps)

    def _of(self, k: int, *names: str):
        """Arrays of layer `k`, with placeholders for those that it does not have."""
        placeholders = {_I32: self.shared["none_i32"], _F32: self.shared["none_f32"]}
        return tuple(
            self.arrays[f"{k}/{name}"]
            if f"{k}/{name}" in self.arrays
            else placeholders[_F32 if name.endswith(("weights", "spsp")) else _I32]
            for name in names
        )

    def _below(self, k: int):
        """Masks and spike counts of the input of layer `k`, and the stride between replicas."""
        source = "input" if k == 0 else k - 1
        stride = self.template.n_inputs if k == 0 else self.layers[k - 1].error.size
        names = ("step_mask", "neuron_mask", "counts")
        return *(self.arrays[f"{source}/{name}"] for name in names), _I32(stride)

    def _encode_launch(self, split: int):
        a, s = self.arrays, self.shared
        n_inputs = self.template.n_inputs
        train = split == TRAIN_SPLIT
        return self._launch(
            "encode", -(-n_inputs // THREADS), THREADS,
            _I32(self.template.model.n_steps), _I32(n_inputs),
            _I32(self.n_train if train else self.n_test), s["position"],
            a["order" if train else "test_order"],
            s["train_images" if train else "test_images"], s["thresholds"], a["seed"],
            _U32(split), a["input/step_mask"], a["input/neuron_mask"], a["input/counts"],
            shared=4 * THREADS,
        )  # fmt: skip

    def _forward_launches(self):
        for k, layer in enumerate(self.layers):
            decay_s, decay_m, gain, refractory_steps = self._constants(layer)
            step_mask, _, _, _ = self._below(k)
            threads = min(MOST_THREADS, 32 * words(layer.n_neurons))
            yield self._launch(
                "lif", 1, threads,
                _I32(self.template.model.n_steps), _I32(layer.n_inputs), _I32(layer.n_neurons),
                _I32(layer.error.size), _I32(self._most_connections[k]),
                _I32(2 if layer.output else int(layer.recurrent)),
                decay_s, decay_m, gain, _F32(float(layer.threshold) - 1e-6), refractory_steps,
                step_mask,
                *self._of(
                    k, "weights", "incoming_ptr", "incoming_pre", "incoming_connection",
                    "rec_weights", "step_mask", "neuron_mask", "counts",
                ),
                shared=4 * (2 * SEGMENT_BITS + 2 + 3 + 3 * words(layer.n_neurons)),
            )  # fmt: skip

    def _train_launches(self):
        launches = [self._encode_launch(TRAIN_SPLIT), *self._forward_launches()]
        launches.append(self._output_launch())
        for k in range(len(self.layers) - 1, -1, -1):
            launches += self._backward_launches(k)
        return [*launches, self._next_launch()]

    def _test_launches(self):
        launches = [self._encode_launch(TEST_SPLIT), *self._forward_launches()]
        for k, layer in enumerate(self.layers):
            launches.append(
                self._launch(
                    "tally", 1, 32, _I32(layer.n_neurons), _I32(layer.error.size), _I32(k),
                    _I32(len(self.layers)), _I32(self.n_test), _I32(layer.output),
                    self.shared["position"], *self._of(k, "counts"), self.arrays["test_totals"],
                    self.arrays["test_silent"], self.arrays["test_predictions"],
                )
            )  # fmt: skip
        return [*launches, self._next_launch()]

    def _next_launch(self):
        return self._kernel("next_sample"), (1, 1), (1,), (self.shared["position"],), 0

    def _output_launch(self):
        a, s, k = self.arrays, self.shared, len(self.layers) - 1
        layer = self.layers[k]
        decay_s, decay_m, gain, refractory_steps = self._constants(layer)
        return self._launch(
            "output_error", 1, THREADS,
            _I32(self.template.model.n_steps), _I32(layer.n_neurons), _I32(layer.error.size),
            refractory_steps, decay_s, decay_m, gain, layer.threshold, rho_silent(layer),
            _I32(self.template.model.cost == "repaired"), _I32(self.n_train), s["position"],
            a["order"], s["train_labels"], a["boost"],
            *self._of(k, "counts", "neuron_mask"), a["predictions"], a["costs"], a["has_error"],
            *self._of(k, "error", "lateral", "spsp", "backward_mask", "backward_counts"),
            a["traces"], shared=4,
        )  # fmt: skip

    def _backward_launches(self, k: int):
        """The launches of layer `k` after the forward pass: errors, update and sums."""
        a, layer, model = self.arrays, self.layers[k], self.template.model
        n = layer.error.size
        blocks, connections = -(-n // THREADS), max(-(-self._most_connections[k] // THREADS), 1)
        published = layer.recurrent and model.adjoint == "published"
        sizes = _I32(layer.n_neurons), _I32(n), _I32(self._most_connections[k])
        decay_s, decay_m, gain, refractory_steps = self._constants(layer)
        _, below_mask, below_counts, below_stride = self._below(k)
        counts = a[f"{k}/backward_counts" if layer.output else f"{k}/counts"]
        schedule = self.shared["position"], self.shared["steps"], self.shared["root_scales"]

        if not layer.output:
            yield self._launch(
                "traces_of_layer", blocks, THREADS, _I32(model.n_steps), _I32(n),
                refractory_steps, decay_s, decay_m, gain, a["has_error"],
                *self._of(k, "neuron_mask"), a["traces"],
            )  # fmt: skip
        yield self._launch(
            "layer_errors", blocks, THREADS, _I32(layer.n_inputs), *sizes,
            _I32(len(self.template.derivative.coefficients)), _I32(layer.recurrent),
            _I32(layer.ablates_weights), _I32(layer.ablates_back),
            _I32(not layer.recurrent or published), layer.threshold, layer.error_divisor,
            rho_silent(layer),
            _F64(model.regularisation * REGULARISER_BETA / REGULARISER_SCALE),
            *self._of(k, "n_terms"), a["has_error"], below_counts, below_stride,
            self.shared["coefficients"], _I32(self.template.derivative.basis.shape[1]),
            self.shared["basis"],
            *self._of(
                k, "weights", "column_sums", "square_sums", "incoming_ptr", "incoming_pre",
                "incoming_connection", "rec_weights",
            ),
            counts,
            *self._of(
                k, "error", "lateral", "factors", "scaled_error", "denominators", "weight_error",
                "back_error", "back_silent", "back_all", "smallest", "broken",
            ),
            shared=4 * (SEGMENT_WORDS + SEGMENT_BITS + 1),
        )  # fmt: skip
        if stores_spsp(layer):
            yield from self._gradient_launches(k, counts)
        if layer.recurrent:
            yield self._launch(
                "spsp_of_connections", connections, THREADS, _I32(model.n_steps), *sizes[1:],
                layer.threshold, a["has_error"], *self._of(k, "neuron_mask", "counts"),
                a["traces"],
                *self._of(
                    k, "rec_ptr", "rec_pre", "rec_post", "rec_weights", "spsp", "off_diagonal"
                ),
            )  # fmt: skip
        if solves(self.template, k) and not published:
            yield from self._solve_launches(k, a[f"{k}/scaled_error"])
            yield self._launch(
                "split_solution", blocks, THREADS, *sizes[:2], a["has_error"],
                *self._of(k, "counts", "solution", "back_error", "back_silent", "back_all"),
            )  # fmt: skip
        wants_back = k > 0
        back = a[f"{k - 1}/error"] if wants_back else self.shared["none_f32"]
        yield self._launch(
            "update_weights", layer.n_inputs, THREADS, _I32(model.n_steps),
            _I32(layer.n_inputs), _I32(n), below_stride, _I32(wants_back), *schedule,
            a["has_error"], below_mask, below_counts, below_stride, a["traces"],
            _I32(stores_spsp(layer)),
            *self._of(
                k, "input_spsp", "factors", "weight_error", "back_error", "back_silent",
                "back_all", *_STATE,
            ),
            back, shared=4 * (THREADS + SEGMENT_BITS + 1),
        )  # fmt: skip
        if published and wants_back:
            # The published program applies R before it solves the system (finding F6).
            yield from self._solve_launches(k, back)
            yield self._launch(
                "take_solution", blocks, THREADS, *sizes[:2], a["has_error"],
                *self._of(k, "solution"), back,
            )  # fmt: skip
        if layer.recurrent:
            yield self._launch(
                "update_connections", connections, THREADS, *sizes[1:], *schedule,
                a["has_error"],
                *self._of(k, "rec_ptr", "rec_post", "spsp", "factors", "weight_error"),
                *self._of(k, *_REC_STATE),
            )  # fmt: skip
        yield self._sum_launch(k)

    def _gradient_launches(self, k: int, counts):
        """The launches that sum over the inputs of layer `k` and adjust its gradient."""
        a, layer = self.arrays, self.layers[k]
        n = layer.error.size
        sizes, spsp = (_I32(layer.n_inputs), _I32(n)), a[f"{k}/input_spsp"]
        _, below_mask, below_counts, below_stride = self._below(k)
        yield self._launch(
            "spsp_of_inputs", layer.n_inputs, THREADS, _I32(self.template.model.n_steps), *sizes,
            HM2BP_E_SILENT if layer.as_hm2bp else _F32(0), a["has_error"], below_mask, below_counts,
            below_stride, counts, a["traces"], spsp, shared=4 * (SEGMENT_BITS + 1),
        )  # fmt: skip
        if layer.normalised:
            yield self._launch(
                "normalise", 1, min(MOST_THREADS, 32 * words(n)), *sizes,
                a["has_error"], below_counts, below_stride, counts, spsp,
                *self._of(
                    k, "scaled_error", "lateral", "squares", "denominators", "weight_error",
                    "back_error", "back_silent", "back_all",
                ),
                shared=4,
            )  # fmt: skip
        else:
            yield self._launch(
                "add_side_effect", -(-n // THREADS), THREADS, *sizes, layer.threshold,
                a["has_error"], below_counts, below_stride, counts, spsp,
                *self._of(k, "weights", "column_sums", "weight_error"),
            )  # fmt: skip

    def _solve_launches(self, k: int, right_hand_side):
        a, layer = self.arrays, self.layers[k]
        n = layer.error.size
        threads = min(MOST_THREADS, max(64, 32 * words(layer.n_neurons)))
        sizes = _I32(layer.n_neurons), _I32(n), _I32(self._most_connections[k])
        ablated = _I32(layer.ablates_back)
        matrix = (*self._of(k, "rec_ptr", "rec_post", "off_diagonal", "denominators"),)
        solution = a[f"{k}/solution"]
        if layer.one_way:
            yield self._launch(
                "solve_triangular", 1, threads, *sizes, ablated, a["has_error"],
                *self._of(k, "n_levels", "level_ptr", "level_order"), *matrix, right_hand_side,
                solution,
            )  # fmt: skip
            return
        yield self._launch(
            "solve_iterative", 1, threads, *sizes, ablated, a["has_error"], *matrix,
            right_hand_side, solution, *self._of(k, "work", "failed"), shared=8 * 5,
        )  # fmt: skip
        yield (
            self._kernel("solve_elimination"), (1, 1), (MOST_THREADS,),
            (
                _I32(self.n_replicas), *sizes, ablated, *self._of(k, "failed"), *matrix,
                right_hand_side, solution, self.shared["matrix"],
            ), 4,
        )  # fmt: skip

    def _sum_launch(self, k: int):
        layer = self.layers[k]
        n = layer.error.size
        return self._launch(
            "weight_sums", -(-n // THREADS), THREADS, _I32(layer.n_inputs), _I32(n),
            _I32(self._most_connections[k]), _I32(layer.recurrent),
            *self._of(
                k, "weights", "incoming_ptr", "incoming_connection", "rec_weights",
                "column_sums", "square_sums",
            ),
        )  # fmt: skip

    def _sum_launches(self):
        return [self._sum_launch(k) for k in range(len(self.layers))]

    # Epochs

    def train(self, orders, boost, epoch: int, tick: Callable[[int], None] = lambda n: None):
        """Train each replica on every sample once, in its own order.

        `orders` (R, n): the order of the samples; `boost` (R, n): the boosting weight of each
        sample; `epoch` counts from 0. Returns predictions (R, n) int32 and costs (R, n) float64,
        indexed by sample, and the smallest |s_i| (R, n_layers) float32: inf if none was computed,
        nan if any was nan. `tick(n)` is called after every n samples of all replicas.
        """
        a, s = self.arrays, self.shared
        rate = self.template.model.step_size(epoch)
        updates = range(self.n_updates + 1, self.n_updates + self.n_train + 1)
        with self.stream:
            s["steps"].set(np.array([rate / (1 - BETA_1**n) for n in updates], _F32))
            s["root_scales"].set(np.array([1 / math.sqrt(1 - BETA_2**n) for n in updates], _F32))
            a["order"].set(np.ascontiguousarray(orders, dtype=_I32))
            a["boost"].set(np.ascontiguousarray(boost, dtype=_F32))
            for k in range(len(self.layers)):
                a[f"{k}/smallest"].fill(_F32(np.inf).view(_I32))
                a[f"{k}/broken"].fill(0)
            self._repeat(self._train_sample, self.n_train, tick)
            self.n_updates += self.n_train
            found = self._get("predictions"), self._get("costs")
            smallest = [self._smallest(k) for k in range(len(self.layers))]
        return *found, np.stack(smallest, axis=1)

    def _smallest(self, k: int) -> np.ndarray:
        bits, broken = self._get(f"{k}/smallest"), self._get(f"{k}/broken")
        return np.where(broken != 0, _F32(np.nan), bits.view(_F32))

    def evaluate(self, tick: Callable[[int], None] = lambda n: None):
        """Predictions (R, n_test), spikes and silent neurons (R, n_test, n_layers), all int32."""
        names = "test_predictions", "test_totals", "test_silent"
        with self.stream:
            for name in names:
                self.arrays[name].fill(0)
            self._repeat(self._test_sample, self.n_test, tick)
            return tuple(self._get(name) for name in names)

    def _repeat(self, sample: Callable[[], None], n: int, tick) -> None:
        self.shared["position"].fill(0)
        for done in range(0, n, SYNCHRONISE_EVERY):
            count = min(SYNCHRONISE_EVERY, n - done)
            for _ in range(count):
                sample()
            self.stream.synchronize()
            tick(count)


_UPLOADED = (
    *_STATE, *_REC_STATE, "n_terms", "denominators", "lateral", "rec_ptr", "rec_pre", "rec_post",
    "incoming_ptr", "incoming_pre", "incoming_connection", "n_levels", "level_ptr", "level_order",
)  # fmt: skip


def dependency_levels(ptr, post, n_neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Neurons sorted by level for solving a triangular system in parallel, and level offsets.

    Neuron l depends on every other neuron post[c] in its row; these have smaller indices.
    """
    level = np.zeros(n_neurons, dtype=_I32)
    for neuron in range(n_neurons):
        row = post[ptr[neuron] : ptr[neuron + 1]]
        waits_for = row[row != neuron]
        if waits_for.size:
            level[neuron] = level[waits_for].max() + 1
    counts = np.bincount(level)
    return np.argsort(level, kind="stable").astype(_I32), np.concatenate([[0], np.cumsum(counts)])
