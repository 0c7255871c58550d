"""A data set of your own: images, or ready spike trains, in one .npz file or in idx files.

`read_dataset` reads three forms, all with whole numbers as labels, from 0:

- a folder with four idx files of any image size, named as those of MNIST (gzipped or not);
- an .npz file with the arrays `train_images`, `train_labels`, `test_images` and `test_labels` (or
  `x_train`, `y_train`, `x_test` and `y_test`): images of any shape, whole numbers from 0 to 255;
- an .npz file with ready spike trains as events: for both splits `train_neuron`, `train_time` and
  `train_sample` (one entry per event: the input neuron and the sample, from 0, and the time), and
  `train_labels` (one per sample). Two numbers are optional: `n_neurons` (by default, up to the last
  neuron that fires) and `time_per_step` (by default 1). An event at time t is a spike at step
  1 + floor(t / time_per_step): no train has a spike at step 0. A neuron spikes at most once per
  step. A network reads the first T steps; those after the last event are silent.

`save_events` writes the last form from a tonic data set, or anything that looks like one.
"""

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from strsbp.checkpoint import read_arrays
from strsbp.data.dataset import Digits
from strsbp.data.idx import FILE_NAMES, find_file, read_files
from strsbp.encoding import packed_trains
from strsbp.errors import DataError, in_words
from strsbp.files import file_sha256, replacing

MOST_STEPS = 65_536
"""The longest spike trains, as in the setting `n_steps`."""

_SPLITS = ("train", "test")
_KINDS = ("neuron", "time", "sample", "labels")
_EVENTS = tuple(f"{split}_{kind}" for split in _SPLITS for kind in _KINDS)
_FORMS = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
    _EVENTS,
)
"""The arrays of each form."""


def read_dataset(name: str, path: str | Path) -> Digits:
    """The data set in the folder or .npz file `path`, in a form that `strsbp.data.own` describes.

    The number of classes is the largest label plus 1. Raises `DataError`.
    """
    path, *others = source_files(path)
    if others:
        return _digits(name, *read_files([path, *others]))
    try:
        arrays = read_arrays(path)
    except Exception as error:
        raise DataError(f"{path} is not a readable .npz file ({in_words(error)}).") from None
    keys = max(_FORMS, key=lambda form: len(set(form) & set(arrays)))
    missing = [key for key in keys if key not in arrays]
    if missing:
        raise DataError(
            f"{path} has the arrays {', '.join(arrays)}, without {missing[0]}; save "
            f"{', '.join(keys)} in it."
        )
    if keys == _EVENTS:
        return _of_events(name, path, arrays)
    return _of_images(name, path, {key: arrays[key] for key in keys})


def source_files(path: str | Path) -> list[Path]:
    """The files that `read_dataset` reads; raises `DataError` if one is missing."""
    path = Path(path).expanduser()
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"There is no file or folder {path}; correct data.sets.")
    found = []
    for name in FILE_NAMES:
        file = find_file(path, name)
        if file is None:
            raise DataError(f"{path} has no file {name}, gzipped or not; put the four files there.")
        found.append(file)
    return found


def source_sha256(path: str | Path) -> str:
    """SHA-256 of the content of the `source_files`; raises `DataError`."""
    digest = hashlib.sha256()
    for file in source_files(path):
        digest.update(bytes.fromhex(file_sha256(file)))
    return digest.hexdigest()


def save_events(
    path: str | Path,
    train: Iterable[tuple[np.ndarray, int]],
    test: Iterable[tuple[np.ndarray, int]],
    *,
    sensor_size: tuple[int, int, int],
    time_per_step: float,
) -> None:
    """Write spike trains to an .npz file for `read_dataset`.

    `train` and `test` yield (events, label), as tonic's data sets do: `events` is a structured
    array with the fields `x`, `t` and, if the sensor has several rows or polarities, `y` and `p`.
    `sensor_size`: width, height and polarities; `time_per_step`: units of `t` per step, such as
    1000 for steps of 1 ms of times in microseconds. The input neuron is (p * height + y) * width +
    x. Raises `DataError` if an event is outside the sensor.
    """
    width, height, polarities = sensor_size
    axes = {"p": polarities, "y": height, "x": width}
    axes = {axis: size for axis, size in axes.items() if size > 1 or axis == "x"}
    arrays: dict[str, Any] = {
        "n_neurons": np.array(math.prod(sensor_size)),
        "time_per_step": np.array(time_per_step),
    }
    for split, samples in zip(_SPLITS, (train, test), strict=True):
        samples = list(samples)
        if not samples:
            raise DataError(f"There are no {split} samples; give at least one.")
        events, labels = zip(*samples, strict=True)
        places = [[event[axis].astype(np.int64) for axis in axes] for event in events]
        try:
            where = [np.ravel_multi_index(place, [*axes.values()]) for place in places]
        except ValueError:
            raise DataError(
                f"There are {split} events outside a sensor of {width} x {height} pixels and "
                f"{polarities} polarities; correct sensor_size, which has them in this order."
            ) from None
        arrays |= {
            f"{split}_neuron": np.concatenate(where),
            f"{split}_time": np.concatenate([event["t"] for event in events]),
            f"{split}_sample": np.repeat(np.arange(len(events)), [len(event) for event in events]),
            f"{split}_labels": np.array(labels),
        }
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def _of_images(name: str, path: Path, arrays: dict[str, np.ndarray]) -> Digits:
    train, labels, test, test_labels = (
        _whole(array, 255, f"{key} in {path}").astype(np.uint8) for key, array in arrays.items()
    )
    return _digits(
        name, train.reshape(len(train), -1), labels.ravel(), test.reshape(len(test), -1),
        test_labels.ravel(),
    )  # fmt: skip


def _of_events(name: str, path: Path, arrays: dict[str, np.ndarray]) -> Digits:
    time_per_step = float(arrays.get("time_per_step", 1))
    events, labels = {}, {}
    for split in _SPLITS:
        here = {kind: arrays[f"{split}_{kind}"] for kind in _KINDS}
        labels[split] = _whole(here.pop("labels"), 255, f"{split}_labels in {path}").astype(
            np.uint8
        )
        if len({array.shape for array in here.values()}) != 1 or here["time"].ndim != 1:
            raise DataError(
                f"{', '.join(f'{split}_{kind}' for kind in here)} in {path} have different lengths;"
                " give one entry per event in each."
            )
        step = 1 + np.floor_divide(here["time"], time_per_step)
        if step.size and not (step.min() >= 1 and step.max() < MOST_STEPS):
            raise DataError(
                f"The events of {split}_time in {path} are in steps {step.min():,.0f} to "
                f"{step.max():,.0f}, but must be in steps 1 to {MOST_STEPS - 1:,}; set "
                "time_per_step, the units of time in a step."
            )
        most = {"sample": len(labels[split]) - 1, "neuron": math.inf}
        events[split] = [
            _whole(here[kind], most[kind], f"{split}_{kind} in {path}").astype(np.int64)
            for kind in most
        ] + [step.astype(np.int64)]
    fired = max(int(neuron.max(initial=0)) + 1 for _, neuron, _ in events.values())
    n_neurons = int(arrays.get("n_neurons", fired))
    if n_neurons < fired:
        raise DataError(f"n_neurons in {path} is {n_neurons}, but neuron {fired - 1} fires.")
    n_steps = max(int(step.max(initial=0)) + 1 for *_, step in events.values())
    train, test = (
        packed_trains(events[split], (len(labels[split]), n_neurons, n_steps)) for split in _SPLITS
    )
    return _digits(name, train, labels["train"], test, labels["test"], n_steps)


def _whole(array: np.ndarray, most: float, where: str) -> np.ndarray:
    """`array`, which must have whole numbers from 0 to `most`."""
    if array.dtype.kind not in "uif":
        raise DataError(f"{where} is an array of {array.dtype}, not of numbers; convert it.")
    if array.size and not (array.min() >= 0 and array.max() <= most):
        upper = "upwards" if most == math.inf else f"to {most}"
        raise DataError(
            f"{where} has numbers from {array.min()} to {array.max()}; they must be from 0 {upper}."
        )
    if array.dtype.kind == "f" and (np.mod(array, 1) != 0).any():
        raise DataError(
            f"{where} has numbers that are not whole; scale and round them, for images to 0 .. 255."
        )
    return array


def _digits(
    name: str, train: np.ndarray, train_labels: np.ndarray, test: np.ndarray,
    test_labels: np.ndarray, n_steps: int | None = None,
) -> Digits:  # fmt: skip
    labels = np.concatenate([train_labels, test_labels])
    n_classes = int(labels.max(initial=0)) + 1
    if labels.size and labels.all():
        raise DataError(
            f"The labels of {name} are {labels.min()} to {labels.max()}; number the classes from 0."
        )
    return Digits(
        name, train, train_labels, test, test_labels, n_classes=n_classes, n_steps=n_steps
    )
