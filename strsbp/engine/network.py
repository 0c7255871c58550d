"""A spiking network that is trained and evaluated one sample at a time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from strsbp.encoding import TEST_SPLIT, TRAIN_SPLIT, Encoder
from strsbp.engine import adam, passes
from strsbp.engine.layers import Layer
from strsbp.engine.state import MOST_TERMS, Derivative
from strsbp.engine.trains import SpikeTrains
from strsbp.errors import DataError, SettingsError
from strsbp.settings import N_CLASSES, N_PIXELS, LayerSettings, ModelSettings


class SampleResult(NamedTuple):
    """The result of training on one sample, computed with the weights before the update."""

    prediction: int
    """The class."""
    cost: float
    """The sum of d_i squared."""
    smallest: np.ndarray
    """Smallest |s_i| of each layer, (n_layers,) float32; infinite if none was computed."""


class Network:
    """Hidden layers and an output layer with lateral inhibition.

    `model`: dynamics, gradient and learning rule; `hidden`: the hidden layers, first to last;
    `derivative`: de/do of the effect-ratio table as a `strsbp.engine.state.Derivative`, or as the
    (K, 4) coefficients of cubics for input counts 1 .. K, highest power first; `seed`: determines
    the initial weights, the reservoir and every input spike train; `n_inputs`, `n_classes`: sizes
    of the image and of the output layer.

    Raises `SettingsError` if `adjoint: published` is used with a recurrent layer that is not as
    wide as the layer below it (finding F6 requires equal sizes), if the model does not fit the
    layers, or if the derivative has the wrong shape or does not cover T output spikes. Its methods
    raise `DataError` for samples or labels that do not fit the network.
    """

    def __init__(
        self,
        model: ModelSettings,
        hidden: Sequence[LayerSettings],
        derivative: Derivative | ArrayLike,
        seed: int,
        n_inputs: int = N_PIXELS,
        n_classes: int = N_CLASSES,
    ):
        self.model, self.hidden, self.seed = model, list(hidden), seed
        self.n_inputs, self.n_classes = n_inputs, n_classes
        if not isinstance(derivative, Derivative):
            derivative = Derivative(np.asarray(derivative), np.zeros((0, 0)))
        self.derivative = Derivative(
            *(np.ascontiguousarray(array, dtype=np.float32) for array in derivative)
        )
        _check_derivative(self.derivative, model.n_steps)
        self.layers = _build_layers(model, hidden, n_inputs, n_classes)
        # One random stream per layer, so a layer's draws do not depend on the layers before it.
        streams = np.random.SeedSequence(seed).spawn(len(self.layers))
        for layer, stream in zip(self.layers, streams, strict=True):
            layer.initialise(np.random.default_rng(stream))
        self.inputs = SpikeTrains(n_inputs, model.n_steps)
        self.keys = [Encoder(seed, split, model.n_steps).key for split in (TRAIN_SPLIT, TEST_SPLIT)]
        self.n_updates = 0

    def encode(self, image: ArrayLike, index: int, split: int = TRAIN_SPLIT) -> None:
        """Set the input spikes to those of `image`, which is number `index` of `split`.

        `image`: a row of the images, or of the packed spike trains, of a `Digits`.
        """
        (row,) = self._rows(np.asarray(image)[None], np.zeros(1, dtype=np.int64))
        passes.encode(row, index, self.keys[split], self.inputs.arrays)

    def forward(self) -> None:
        """Run all layers on the current input spikes; the results are in `layers[k].trains`."""
        passes.forward_layers(self.inputs.arrays, self.arrays)

    @property
    def arrays(self) -> tuple:
        """The arrays of all layers, as passed to the kernels."""
        return tuple(layer.arrays for layer in self.layers)

    def predict(self, image: ArrayLike, index: int, split: int = TEST_SPLIT) -> int:
        """The class with the most output spikes; the lowest one in a tie."""
        self.encode(image, index, split)
        self.forward()
        counts = self.layers[-1].trains.counts[: self.n_classes]
        return int(np.argmax(counts))

    def predict_samples(
        self, images: ArrayLike, first: int, last: int, split: int = TEST_SPLIT
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Predicted classes of images[first:last].

        Returns (predictions (n,), spikes per layer (n, n_layers), silent neurons per layer
        (n, n_layers)), all int64. `images` (N, pixels) uint8: all images of `split`.
        """
        order = np.arange(first, last)
        predictions = np.zeros(order.size, dtype=np.int64)
        n_spikes, n_silent = np.zeros((2, order.size, len(self.layers)), dtype=np.int64)
        passes.predict_samples(
            self._rows(images, order), order, self.keys[split], self.inputs.arrays, self.arrays,
            predictions, n_spikes, n_silent,
        )  # fmt: skip
        return predictions, n_spikes, n_silent

    def train_sample(
        self, image: ArrayLike, index: int, label: int, boost: float = 1.0, epoch: int = 0
    ) -> SampleResult:
        """One forward pass and one update on training image number `index`.

        `boost` is the sample's boosting weight b; `epoch` counts from 0.
        """
        self.encode(image, index, TRAIN_SPLIT)
        return self.train_on_inputs(label, boost, epoch)

    def train_on_inputs(self, label: int, boost: float = 1.0, epoch: int = 0) -> SampleResult:
        """Like `train_sample`, on the input spikes that are already set."""
        self._check_labels(np.asarray(label))
        (step,), (root_scale,) = self._next_steps(1, epoch)
        smallest = np.zeros(len(self.layers), dtype=np.float32)
        cost, prediction = passes.train_on_spikes(
            self.inputs.arrays, self.arrays, self.derivative, label,
            np.float32(boost), step, root_scale, smallest,
        )  # fmt: skip
        return SampleResult(int(prediction), float(cost), smallest)

    def train_samples(
        self, images: ArrayLike, order: ArrayLike, labels: ArrayLike, boosts: ArrayLike,
        epoch: int = 0,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        """Train on images[order[0]], images[order[1]], ..., with one update each.

        `images` (N, pixels) uint8; `order` (n,): indices of images; `labels` and `boosts` (n,):
        in the order of `order`. Returns (predictions (n,) int64, costs (n,) float64, smallest
        |s_i| per layer (n, n_layers) float32, infinite if none was computed).
        """
        order = np.ascontiguousarray(order, dtype=np.int64)
        images, labels = self._rows(images, order), np.ascontiguousarray(labels, dtype=np.int64)
        boosts = np.ascontiguousarray(boosts, dtype=np.float32)
        if not order.shape == labels.shape == boosts.shape:
            raise DataError(
                f"There are {labels.size} labels and {boosts.size} boosts for {order.size} samples."
            )
        self._check_labels(labels)
        steps, root_scales = self._next_steps(order.size, epoch)
        costs, predictions = np.zeros(order.size), np.zeros(order.size, dtype=np.int64)
        smallest = np.zeros((order.size, len(self.layers)), dtype=np.float32)
        passes.train_samples(
            images, order, labels, boosts, self.keys[TRAIN_SPLIT], self.inputs.arrays, self.arrays,
            self.derivative, steps, root_scales, costs, predictions, smallest,
        )  # fmt: skip
        return predictions, costs, smallest

    def _rows(self, images: ArrayLike, order: np.ndarray) -> np.ndarray:
        """The samples `images`; compiled code reads their rows `order` without any check."""
        rows = np.ascontiguousarray(images)
        if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] % self.n_inputs:
            raise DataError(
                f"The images are {rows.dtype} of shape {rows.shape}; give uint8 of shape "
                f"(n, {self.n_inputs}), with pixels from 0 to 255."
            )
        if order.size and not 0 <= order.min() <= order.max() < len(rows):
            raise DataError(
                f"Images {order.min()} to {order.max()} were asked for, but there are {len(rows)}."
            )
        return rows

    def _check_labels(self, labels: np.ndarray) -> None:
        if labels.size and not 0 <= labels.min() <= labels.max() < self.n_classes:
            raise DataError(
                f"There are labels from {labels.min()} to {labels.max()}, but the network has the "
                f"classes 0 to {self.n_classes - 1}."
            )

    def _next_steps(self, n: int, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Adam's bias-corrected step sizes and square-root factors for the next `n` updates."""
        self.n_updates += n
        return adam.bias_corrected(self.model.step_size(epoch), self.n_updates - n, n)

    def state(self) -> dict[str, np.ndarray]:
        """Everything that training changes, as named arrays (not copies)."""
        arrays = {
            f"{layer.name}/{name}": array
            for layer in self.layers
            for name, array in layer.state().items()
        }
        return arrays | {"n_updates": np.array(self.n_updates)}

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Load a `state`; raises `SettingsError` if names, shapes or types differ."""
        own = self.state()
        if set(own) - set(arrays):
            missing = ", ".join(sorted(set(own) - set(arrays)))
            raise SettingsError(f"The saved network lacks {missing}; it has another architecture.")
        for layer in self.layers:
            for name, array in layer.state().items():
                loaded = arrays[f"{layer.name}/{name}"]
                if loaded.shape != array.shape or loaded.dtype != array.dtype:
                    raise SettingsError(
                        f"The saved {layer.name}/{name} is {loaded.dtype} {loaded.shape}, the "
                        f"network needs {array.dtype} {array.shape}: another architecture or seed."
                    )
                array[:] = loaded
            layer.refresh_sums()
        self.n_updates = int(arrays["n_updates"])

    def first_layer_not_finite(self) -> str | None:
        """Name of the first layer with a weight or moment that is not finite, or None.

        Moments are checked because a weight whose squared gradient overflows never changes again.
        """
        for name, array in self.state().items():
            layer, _, kind = name.rpartition("/")
            if kind.endswith(("weights", "moments")) and not np.isfinite(array).all():
                return layer
        return None


def _check_derivative(derivative: Derivative, n_steps: int) -> None:
    coefficients, basis = derivative
    n_terms = basis.shape[0] if basis.size else 4
    if coefficients.ndim != 2 or not len(coefficients) or coefficients.shape[1] != n_terms:
        raise SettingsError(
            f"The derivative of {n_terms} terms has coefficients of shape {coefficients.shape}; "
            "give one row per input count and one column per term."
        )
    if n_terms > MOST_TERMS:
        raise SettingsError(
            f"The derivative has {n_terms} terms; at most {MOST_TERMS} are allowed."
        )
    if basis.size and basis.shape[1] <= n_steps:
        raise SettingsError(
            f"The derivative ends at the output count {basis.shape[1] - 1}; a train of {n_steps} "
            f"steps needs output counts up to {n_steps}."
        )


def _build_layers(
    model: ModelSettings, hidden: Sequence[LayerSettings], n_inputs: int, n_classes: int
) -> list[Layer]:
    model.check_layers([settings.kind for settings in hidden])
    layers: list[Layer] = []
    width = n_inputs
    for k, settings in enumerate(hidden):
        n = settings.n_neurons
        if settings.shape and model.adjoint == "published" and k > 0 and width != n:
            raise SettingsError(
                f"Layer {k + 1} has {n} neurons and {width} inputs; `adjoint: published` is "
                "defined only if these are equal, so set `adjoint: derived`."
            )
        layers.append(Layer(k, width, n, model, shape=settings.shape))
        width = n
    return [*layers, Layer(len(hidden), width, n_classes, model, output=True)]
