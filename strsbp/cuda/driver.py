"""Runs the samples of many replicas on one GPU: memory, kernel launches and the recorded graph.

A replica is one seed of an arm. All replicas of a batch share layer sizes, settings, table and
images; each has its own weights, reservoir, sample order, input spikes and boosting weights, and
produces the same numbers as `strsbp.engine` for its seed. The array module is an argument (CuPy, or
a stand-in in tests); only its arrays, `RawModule` and streams are used.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from strsbp.cuda.source import kernel_source, kernels, options
from strsbp.data import Digits
from strsbp.encoding import TEST_SPLIT, THRESHOLDS, TRAIN_SPLIT
from strsbp.engine.adam import bias_corrected
from strsbp.engine.layers import Layer
from strsbp.engine.loss import HM2BP_E_SILENT
from strsbp.engine.network import Network

THREADS = 128
"""Threads per block; most kernels with one block per replica choose their own number."""
MOST_THREADS = 512
"""Largest number of threads per block, as in kernels/common.cuh."""
SEGMENT_WORDS, SEGMENT_BITS = 32, 1024
"""Mask words and bits listed at a time, as in kernels/common.cuh."""
SYNCHRONISE_EVERY = 256
"""The host waits after this many samples, for its progress bar and for interrupts."""

_I32, _U32, _F32, _F64 = np.int32, np.uint32, np.float32, np.float64


def words(n_bits: int) -> int:
    """Number of 32-bit words needed for `n_bits` bits."""
    return -(-n_bits // 32)


def arrays_of_replica(
    network: Network, most: Sequence[int], n_train: int, n_test: int
) -> dict[str, np.ndarray]:
    """The arrays of one replica by name, with the values with which it starts.

    `most`: per layer, the largest number of recurrent connections of any replica (see
    `connections_of`). Those of layer k are called `k/name`.
    """
    n_steps, n_inputs, n_layers = network.model.n_steps, network.n_inputs, len(network.layers)
    arrays = {
        "seeds": np.array(network.seed, dtype=np.uint64),
        "order": np.zeros(n_train, _I32),
        "boost": np.zeros(n_train, _F32),
        "predictions": np.zeros(n_train, _I32),
        "costs": np.zeros(n_train, _F64),
        "test_order": np.arange(n_test, dtype=_I32),
        "test_predictions": np.zeros(n_test, _I32),
        "test_totals": np.zeros((n_test, n_layers), _I32),
        "test_silent": np.zeros((n_test, n_layers), _I32),
        "has_error": np.zeros((), _I32),
        "input/step_mask": np.zeros((n_steps, words(n_inputs)), _U32),
        "input/neuron_mask": np.zeros((n_inputs, words(n_steps)), _U32),
        "input/counts": np.zeros(n_inputs, _I32),
        "traces": np.zeros((n_steps + 1, max(x.error.size for x in network.layers)), _F32),
    }
    for k, layer in enumerate(network.layers):
        own = layer.state() | _arrays_of_layer(layer, n_steps)
        if layer.recurrent:
            own |= _arrays_of_connections(layer, max(most[k], 1), solves(network, k))
        arrays |= {f"{k}/{name}": array for name, array in own.items()}
    return arrays


def _arrays_of_layer(layer: Layer, n_steps: int) -> dict[str, np.ndarray]:
    n = layer.error.size
    names = (
        "column_sums", "square_sums", "error", "scaled_error", "factors", "weight_error",
        "back_error",
    )  # fmt: skip
    own = {name: np.zeros(n, _F32) for name in names}
    own |= {name: np.ones(n, _F32) for name in ("denominators", "lateral")}
    own |= {
        "step_mask": np.zeros((n_steps, words(layer.n_neurons)), _U32),
        "neuron_mask": np.zeros((n, words(n_steps)), _U32),
        "counts": np.zeros(n, _I32),
        "n_terms": np.array(layer.n_inputs + 1, _I32),
        "smallest": np.zeros((), _I32),
        "broken": np.zeros((), _I32),
    }
    if stores_spsp(layer):
        own["input_spsp"] = np.zeros(layer.weights.shape, _F32)
    if layer.arrays.normalised:
        own["squares"] = np.zeros(n, _F32)
    if layer.output:
        own["spsp"] = np.zeros((layer.n_neurons, layer.n_neurons), _F32)
    return own


def _arrays_of_connections(layer: Layer, most: int, solves: bool) -> dict:
    """What a recurrent layer has in addition; arrays per connection have `most` entries."""
    n, pre, post = layer.error.size, layer.rec_pre, layer.rec_post
    # Sorted by post-synaptic, then pre-synaptic neuron: the order of every sum.
    incoming = np.argsort(post, kind="stable")
    entries = {
        "rec_post": post,
        "rec_weights": layer.rec_weights,
        "rec_first_moments": layer.rec_first_moments,
        "rec_second_moments": layer.rec_second_moments,
        "rec_pre": pre.astype(_I32),
        "incoming_pre": pre[incoming].astype(_I32),
        "incoming_connection": incoming.astype(_I32),
        "spsp": np.zeros(post.size, _F32),
        "off_diagonal": np.zeros(post.size, _F32),
    }
    found = {name: np.pad(values, (0, most - post.size)) for name, values in entries.items()}
    counts = np.bincount(post, minlength=n)
    found["incoming_ptr"] = np.concatenate([[0], np.cumsum(counts)]).astype(_I32)
    found["n_terms"] = np.array(layer.n_inputs + 1 + post.size, _I32)
    if solves:
        found["solution"] = np.zeros(n, _F64)
    if solves and layer.arrays.one_way:
        order, starts = dependency_levels(layer.rec_ptr, post, layer.n_neurons)
        found["level_order"], found["n_levels"] = order, np.array(starts.size - 1, _I32)
        found["level_ptr"] = np.zeros(layer.n_neurons + 1, _I32)
        found["level_ptr"][: starts.size] = starts
    elif solves:
        found |= {"work": np.zeros((7, n), _F64), "failed": np.zeros((), _I32)}
    return found


def solves(network: Network, k: int) -> bool:
    """Whether layer `k` has a recurrent system to solve; the first layer passes no error back."""
    return network.layers[k].recurrent and k > 0


def stores_spsp(layer: Layer) -> bool:
    """Whether e_ij is stored, because the gradient needs sums over the inputs before the update."""
    return layer.arrays.normalised or layer.arrays.as_hm2bp


def bytes_per_replica(networks: Sequence[Network], n_train: int, n_test: int) -> int:
    """Bytes of device memory for each of `networks`, as replicas of one batch."""
    arrays = arrays_of_replica(networks[0], connections_of(networks), n_train, n_test)
    return sum(array.nbytes for array in arrays.values())


def connections_of(networks: Sequence[Network]) -> list[int]:
    """Per layer, the largest number of recurrent connections in any of `networks`."""
    layers = zip(*(network.layers for network in networks), strict=True)
    return [max(layer.arrays.rec_post.size for layer in same) for same in layers]


class Launch(NamedTuple):
    """One launch of a kernel."""

    kernel: str
    grid: tuple[int, int]
    threads: int
    arguments: tuple
    shared: int
    """Bytes of shared memory."""


class Replicas:
    """A batch of networks on the device.

    Parameters
    ----------
    networks: the CPU network of each replica; they differ only in their seeds, and must have had
        the same number of updates.
    digits: the images that all replicas train on.
    xp: the array module.
    """

    def __init__(self, networks: Sequence[Network], digits: Digits, xp):
        self.template, self.xp = networks[0], xp
        self.layers = self.template.layers
        self.n_replicas = len(networks)
        self.n_train, self.n_test = len(digits.train_labels), len(digits.test_labels)
        self.packed_words = digits.train_images.shape[1] // self.template.n_inputs // 4
        updates = {network.n_updates for network in networks}
        if len(updates) != 1:
            raise ValueError("the replicas of a batch must have had the same number of updates")
        self.n_updates = updates.pop()
        self.stream = xp.cuda.Stream(non_blocking=True)
        with self.stream:
            self._compile()
            start = self._allocate(networks, digits)
            self._train_sample = self._recorded(list(self._train_launches()))
            self._test_sample = self._recorded(list(self._test_launches()))
            for name, array in start.items():  # again, because recording ran the kernels once
                self.arrays[name].set(array)
            self._run([self._sum_launch(k) for k in range(len(self.layers))])

    # Memory

    def _compile(self) -> None:
        widest = max(layer.n_neurons for layer in self.layers)
        per_thread = -(-widest // MOST_THREADS)
        basis = self.template.derivative.basis
        compiling = options(per_thread, len(basis) if basis.size else None)
        module = self.xp.RawModule(code=kernel_source(), options=compiling)
        self._kernel, self._parameters = cache(module.get_function), kernels()

    def _allocate(self, networks: Sequence[Network], digits: Digits) -> dict[str, np.ndarray]:
        """Make all arrays on the device; returns what those of the replicas start with."""
        xp = self.xp
        self._most_connections = connections_of(networks)
        sizes = self._most_connections, self.n_train, self.n_test
        host = [arrays_of_replica(network, *sizes) for network in networks]
        start = {name: np.stack([each[name] for each in host]) for name in host[0]}
        self.arrays = {name: xp.asarray(array) for name, array in start.items()}
        shared = {
            "train_images": digits.train_images,
            "labels": digits.train_labels,
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
            if solves(self.template, k) and not layer.arrays.one_way
        ]
        if rows:  # one matrix for all replicas: elimination is rare and handles one at a time
            self.shared["matrix"] = xp.zeros(max(rows) * (max(rows) + 1), dtype=_F64)
        return start

    def state(self) -> list[dict[str, np.ndarray]]:
        """`Network.state()` of each replica, copied to the host."""
        found = [{"n_updates": np.array(self.n_updates)} for _ in range(self.n_replicas)]
        for k, layer in enumerate(self.layers):
            whole = {name: self._get(f"{k}/{name}") for name in layer.state()}
            for name, array in whole.items():
                of_connections = name.startswith("rec_") and name != "rec_ptr"
                for r, state in enumerate(found):
                    n = whole["rec_ptr"][r, -1] if of_connections else None
                    state[f"{layer.name}/{name}"] = array[r, :n].copy()
        return found

    def _get(self, name: str) -> np.ndarray:
        with self.stream:
            self.stream.synchronize()
            return self.arrays[name].get()

    # Launches

    def _recorded(self, launches: Sequence[Launch]) -> Callable[[], None]:
        """A function that enqueues `launches`, as one recorded graph."""
        self.shared["position"].fill(0)
        self._run(launches)  # loads the kernels, which older drivers cannot do during capture
        self.stream.synchronize()
        self.stream.begin_capture()
        self._run(launches)
        graph = self.stream.end_capture()
        return lambda: graph.launch(self.stream)

    def _run(self, launches: Sequence[Launch]) -> None:
        for kernel, grid, threads, arguments, shared in launches:
            self._kernel(kernel)(grid, (threads,), arguments, shared_mem=shared)

    def _launch(
        self, kernel: str, blocks: int, threads: int, values: dict, *, shared: int = 0,
        replicas: int | None = None, **others,
    ) -> Launch:  # fmt: skip
        """One launch with `blocks` blocks per replica, for `replicas` replicas (default: all).

        `values` and `others`: the arguments, by the names of the kernel's parameters.
        """
        values = values | others
        arguments = tuple(
            values[name] if is_array else kind(values[name])
            for name, (kind, is_array) in self._parameters[kernel].items()
        )
        return Launch(kernel, (blocks, replicas or self.n_replicas), threads, arguments, shared)

    def _of_all(self) -> dict:
        """Arguments that do not belong to a layer."""
        derivative = self.template.derivative
        arrays = {name: array for name, array in self.arrays.items() if "/" not in name}
        return self.shared | arrays | {
            "n_replicas": self.n_replicas, "n_layers": len(self.layers),
            "n_classes": self.template.n_classes, "n_rows": len(derivative.coefficients),
            "n_counts": derivative.basis.shape[1],
        }  # fmt: skip

    def _of_layer(self, k: int) -> dict:
        """Arguments for layer `k`: its arrays and constants, and the spikes below it."""
        layer, constants = self.layers[k], self.layers[k].arrays._asdict()
        below = self._arrays_of("input" if k == 0 else k - 1)
        # Placeholders for what a layer may lack.
        indices = ("incoming_ptr", "incoming_pre", "incoming_connection")
        values = dict.fromkeys(indices, self.shared["none_i32"])
        values |= dict.fromkeys(("rec_weights", "input_spsp", "back"), self.shared["none_f32"])
        values |= {name: value for name, value in constants.items() if np.isscalar(value)}
        values |= self._of_all() | self._arrays_of(k)
        values |= {f"input_{name}": below[name] for name in ("step_mask", "neuron_mask", "counts")}
        values |= {
            "n_padded": layer.error.size, "n_connections": self._most_connections[k],
            "input_stride": below["counts"].shape[1], "wants_back": k > 0,
            "e_silent": HM2BP_E_SILENT if layer.arrays.as_hm2bp else 0,
        }  # fmt: skip
        return values | ({"back": below["error"]} if k > 0 else {})

    def _arrays_of(self, place: int | str) -> dict:
        """The arrays of a layer, or of `input`, by name."""
        first = f"{place}/"
        return {
            name.removeprefix(first): array
            for name, array in self.arrays.items()
            if name.startswith(first)
        }

    def _encode_launch(self, split: int):
        train = split == TRAIN_SPLIT
        n_inputs, values = self.template.n_inputs, self._of_all() | self._arrays_of("input")
        return self._launch(
            "encode", -(-n_inputs // THREADS), THREADS, values, shared=4 * THREADS,
            n_steps=self.template.model.n_steps, n_inputs=n_inputs, split=split,
            n_samples=self.n_train if train else self.n_test,
            order=values["order" if train else "test_order"],
            images=values["train_images" if train else "test_images"],
            packed_words=self.packed_words,
        )  # fmt: skip

    def _forward_launches(self):
        for k, layer in enumerate(self.layers):
            n_words = words(layer.n_neurons)
            yield self._launch(
                "lif", 1, min(MOST_THREADS, 32 * n_words), self._of_layer(k),
                kind=2 if layer.output else layer.recurrent,
                shared=4 * (2 * SEGMENT_BITS + 2 + 3 + 3 * n_words),
            )  # fmt: skip

    def _train_launches(self):
        yield self._encode_launch(TRAIN_SPLIT)
        yield from self._forward_launches()
        last = len(self.layers) - 1
        yield self._launch(
            "output_error", 1, THREADS, self._of_layer(last), shared=4, n_samples=self.n_train
        )
        for k in range(last, -1, -1):
            yield from self._backward_launches(k)
        yield self._launch("next_sample", 1, 1, self.shared, replicas=1)

    def _test_launches(self):
        yield self._encode_launch(TEST_SPLIT)
        yield from self._forward_launches()
        for k in range(len(self.layers)):
            yield self._launch("tally", 1, 32, self._of_layer(k), layer=k, n_samples=self.n_test)
        yield self._launch("next_sample", 1, 1, self.shared, replicas=1)

    def _backward_launches(self, k: int):
        """The launches of layer `k` after the forward pass: errors, update and sums."""
        layer, values = self.layers[k], self._of_layer(k)
        blocks = -(-layer.error.size // THREADS)
        connections = max(-(-self._most_connections[k] // THREADS), 1)
        published = layer.recurrent and layer.arrays.published_adjoint
        if not layer.output:
            yield self._launch("traces_of_layer", blocks, THREADS, values)
        yield self._launch(
            "layer_errors", blocks, THREADS, values, shared=4 * (SEGMENT_WORDS + SEGMENT_BITS + 1)
        )
        if stores_spsp(layer):
            shared = 4 * (SEGMENT_BITS + 1)
            yield self._launch("spsp_of_inputs", layer.n_inputs, THREADS, values, shared=shared)
        if layer.arrays.normalised:
            threads = min(MOST_THREADS, 32 * words(layer.error.size))
            yield self._launch("normalise", 1, threads, values, shared=4)
        if layer.arrays.as_hm2bp:
            yield self._launch("add_side_effect", blocks, THREADS, values)
        if layer.recurrent:
            yield self._launch("spsp_of_connections", connections, THREADS, values)
        if solves(self.template, k) and not published:
            yield from self._solve_launches(k, values, "scaled_error", "back_error")
        yield self._launch(
            "update_weights", layer.n_inputs, THREADS, values, stored=stores_spsp(layer),
            shared=4 * (THREADS + SEGMENT_BITS + 1),
        )  # fmt: skip
        if solves(self.template, k) and published:
            # The published program applies R before it solves the system (finding F6).
            yield from self._solve_launches(k, values, "back", "back")
        if layer.recurrent:
            yield self._launch("update_connections", connections, THREADS, values)
        yield self._sum_launch(k)

    def _solve_launches(self, k: int, values: dict, right_hand_side: str, target: str):
        layer = self.layers[k]
        blocks = -(-layer.error.size // THREADS)
        threads = min(MOST_THREADS, max(64, 32 * words(layer.n_neurons)))
        values = values | {
            "values": values["off_diagonal"], "s": values["denominators"],
            "b": values[right_hand_side], "y": values["solution"], "target": values[target],
        }  # fmt: skip
        if layer.arrays.one_way:
            yield self._launch("solve_triangular", 1, threads, values)
        else:
            yield self._launch("solve_iterative", 1, threads, values, shared=8 * 5)
            yield self._launch(
                "solve_elimination", 1, MOST_THREADS, values, shared=4, replicas=1,
                a=self.shared["matrix"],
            )  # fmt: skip
        yield self._launch("take_solution", blocks, THREADS, values)

    def _sum_launch(self, k: int):
        blocks = -(-self.layers[k].error.size // THREADS)
        return self._launch("weight_sums", blocks, THREADS, self._of_layer(k))

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
        steps, root_scales = bias_corrected(rate, self.n_updates, self.n_train)
        with self.stream:
            s["steps"].set(steps)
            s["root_scales"].set(root_scales)
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
