"""A data set of the user's own: idx files, images and spike trains in .npz files, and training."""

import gzip
import json
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
from refusals import refusal
from small_networks import table

from strsbp.data import load_dataset, read_dataset, read_digits, save_digits, save_events
from strsbp.data.own import source_sha256
from strsbp.data.prepared import describe, prepare_data, read_prepared
from strsbp.encoding import TEST_SPLIT, TRAIN_SPLIT, Encoder
from strsbp.errors import DataError, SettingsError
from strsbp.network import build_network
from strsbp.settings import LayerSettings, ModelSettings
from strsbp.training.epochs import train

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (9, 5, 4))
LABELS = np.arange(9) % 3
SPLITS = dict(
    train_images=IMAGES[:6], train_labels=LABELS[:6], test_images=IMAGES[6:], test_labels=LABELS[6:]
)
HIDDEN = [LayerSettings(kind="feedforward", size=6)]


def idx(array):
    """An idx file with the bytes of `array`."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def test_idx_files_of_any_size(tmp_path):
    files = {"train-images-idx3": "train_images", "train-labels-idx1": "train_labels"}
    files |= {"t10k-images-idx3": "test_images", "t10k-labels-idx1": "test_labels"}
    for k, (name, key) in enumerate(files.items()):
        content = idx(SPLITS[key])
        if k % 2:
            (tmp_path / f"{name}-ubyte").write_bytes(content)
        else:
            (tmp_path / f"{name}-ubyte.gz").write_bytes(gzip.compress(content))
    digits = read_dataset("mine", tmp_path)
    assert digits.sizes == (20, 3) and digits.n_steps is None
    np.testing.assert_array_equal(digits.train_images, IMAGES[:6].reshape(6, 20))
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    said = refusal(lambda: read_dataset("mine", tmp_path), DataError)
    assert "has no file t10k-labels-idx1-ubyte.gz, gzipped or not" in said


@pytest.mark.parametrize(
    ("names", "kind"),
    [(list(SPLITS), np.float64), (["x_train", "y_train", "x_test", "y_test"], np.int64)],
)
def test_images_of_any_shape_in_an_npz_file(tmp_path, names, kind):
    arrays = [array.astype(kind) for array in SPLITS.values()]
    arrays[1] = arrays[1][:, None]  # labels in a column
    np.savez(tmp_path / "mine.npz", **dict(zip(names, arrays, strict=True)))
    digits = read_dataset("mine", tmp_path / "mine.npz")
    assert digits.sizes == (20, 3) and digits.train_labels.tolist() == [0, 1, 2, 0, 1, 2]
    np.testing.assert_array_equal(digits.test_images, IMAGES[6:].reshape(3, 20))


EVENTS = dict(
    train_neuron=np.array([0, 3, 3, 3, 1]),
    train_time=np.array([0.0, 1999.0, 0.0, 1.0, 90_000.0]),
    train_sample=np.array([0, 0, 1, 1, 1]),
    train_labels=np.array([0, 11]),
    test_neuron=np.array([2]),
    test_time=np.array([5.0]),
    test_sample=np.array([0]),
    test_labels=np.array([4]),
    time_per_step=1000.0,
)


def trains_of(digits, index, n_steps):
    """Spike trains of a training sample, as pairs of step and neuron."""
    encoder = Encoder(1, 0, n_steps)
    dense = encoder.encode(digits.train_images[index], index, digits.sizes[0])
    return list(zip(*map(np.ndarray.tolist, np.nonzero(dense)), strict=True))


def test_spike_trains_in_an_npz_file(tmp_path):
    np.savez(tmp_path / "events.npz", **EVENTS)
    digits = read_dataset("events", tmp_path / "events.npz")
    assert digits.sizes == (4, 12) and digits.n_steps == 92
    assert trains_of(digits, 0, 400) == [(1, 0), (2, 3)]
    assert trains_of(digits, 1, 400) == [(1, 3), (91, 1)], "two events in a step are one spike"
    assert trains_of(digits, 1, 91) == [(1, 3)], "a shorter network reads the first steps"
    save_digits(tmp_path / "saved.npz", digits)
    again = read_digits(tmp_path / "saved.npz")
    assert describe(again) == describe(digits)
    assert (again.sizes, again.n_steps) == (digits.sizes, digits.n_steps)
    assert again.first(1, 1).sizes == digits.sizes


def test_events_of_a_set_like_those_of_tonic(tmp_path):
    kinds = [("t", np.int64), ("x", np.int16), ("y", np.int16), ("p", bool)]
    events = [np.array([(0, 1, 0, 0), (5, 2, 1, 1)], kinds), np.array([(7, 0, 1, 0)], kinds)]
    path = tmp_path / "dvs.npz"
    save_events(
        path, zip(events, [1, 0], strict=True), [(events[0], 1)],
        sensor_size=(3, 2, 2), time_per_step=2,
    )  # fmt: skip
    digits = read_dataset("dvs", path)
    assert digits.sizes == (12, 2) and digits.train_labels.tolist() == [1, 0]
    assert trains_of(digits, 0, 50) == [(1, 1), (3, 11)] and trains_of(digits, 1, 50) == [(4, 3)]


def test_events_outside_the_sensor_are_refused(tmp_path):
    """With width and height exchanged, an event would become one of another pixel."""
    events = np.array([(0, 2, 0)], [("t", np.int64), ("x", np.int16), ("y", np.int16)])
    path = tmp_path / "dvs.npz"
    sample = [(events, 0)]
    said = refusal(
        lambda: save_events(path, sample, sample, sensor_size=(2, 3, 1), time_per_step=1), DataError
    )
    assert "outside a sensor of 2 x 3 pixels" in said and not path.exists()
    said = refusal(
        lambda: save_events(path, sample, [], sensor_size=(3, 2, 1), time_per_step=1), DataError
    )
    assert "no test samples" in said and not path.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_images": IMAGES[:6] / 255}, "numbers that are not whole; scale and round them"),
        ({"train_images": 16 * IMAGES[:6]}, "they must be from 0 to 255"),
        ({"train_labels": np.array(list("abcabc"))}, "is an array of <U1, not of numbers"),
        (
            {"train_labels": 1 + LABELS[:6], "test_labels": 1 + LABELS[6:]},
            "The labels of mine are 1 to 3; number the classes from 0",
        ),
        ({"test_images": IMAGES[6:, 1:]}, "20 pixels but its test images have 16"),
        ({"test_labels": None}, "without test_labels; save train_images"),
    ],
)
def test_other_images_are_refused(tmp_path, changes, words):
    arrays = {key: array for key, array in (SPLITS | changes).items() if array is not None}
    np.savez(tmp_path / "mine.npz", **arrays)
    said = refusal(lambda: read_dataset("mine", tmp_path / "mine.npz"), DataError)
    assert re.search(words, said), said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_per_step": 1}, "in steps 1 to 90,001, but must be in .* set time_per_step"),
        ({"train_time": np.array([0, 1, 2, 3, np.nan])}, "in steps nan to nan, but must be in"),
        ({"train_time": np.array([0, 1, 2, 3, -1])}, "in steps 0 to 1, but must be in steps 1 to"),
        ({"train_time": np.arange(4)}, "have different lengths"),
        ({"n_neurons": 3}, "n_neurons in .* is 3, but neuron 3 fires"),
        ({"test_time": None}, "without test_time; save train_neuron, train_time"),
    ],
)
def test_other_events_are_refused(tmp_path, changes, words):
    arrays = {key: array for key, array in (EVENTS | changes).items() if array is not None}
    np.savez(tmp_path / "events.npz", **arrays)
    said = refusal(lambda: read_dataset("mine", tmp_path / "events.npz"), DataError)
    assert re.search(words, said), said


def test_a_file_that_is_missing_or_no_archive_is_refused(tmp_path):
    assert "There is no file or folder" in refusal(lambda: read_dataset("x", tmp_path / "x.npz"))
    (tmp_path / "x.npz").write_bytes(b"text")
    assert "is not a readable .npz file" in refusal(lambda: read_dataset("x", tmp_path / "x.npz"))


def test_the_hash_of_the_files_is_that_of_their_content(tmp_path):
    for name in ("a.npz", "b.npz"):
        np.savez(tmp_path / name, **EVENTS)
    assert source_sha256(tmp_path / "a.npz") == source_sha256(tmp_path / "b.npz")
    np.savez(tmp_path / "b.npz", **EVENTS | {"time_per_step": 2000.0})
    assert source_sha256(tmp_path / "a.npz") != source_sha256(tmp_path / "b.npz")


def test_a_prepared_set_is_read_again_from_its_file(tmp_path):
    np.savez(tmp_path / "mine.npz", **SPLITS)
    images, description = tmp_path / "made" / "mine.npz", tmp_path / "made" / "mine.json"
    digits = read_dataset("mine", tmp_path / "mine.npz")
    prepare_data(dataset="mine", local_dir=tmp_path / "mine.npz", description=description)
    assert json.loads(description.read_text()) == dict(
        dataset="mine", n_train=6, n_test=3, n_pixels=20, sha256=digits.sha256()
    )
    images.unlink()
    assert read_prepared(description, tmp_path / "mine.npz").sha256() == digits.sha256()
    assert read_prepared(description).sha256() == digits.sha256()
    images.unlink()
    np.savez(tmp_path / "mine.npz", **SPLITS | {"test_labels": LABELS[::-1][:3]})
    assert "do not match" in refusal(lambda: read_prepared(description, tmp_path / "mine.npz"))
    assert not images.exists()
    assert "data.sets" in refusal(lambda: read_prepared(description))


def test_spike_trains_are_what_the_network_gets(tmp_path):
    """The trains that an image is encoded as, given as events, lead to the same run."""
    digits = load_dataset("mnist5k").first(6, 4)
    model = ModelSettings(n_steps=60, threshold_hidden=2, threshold_output=1)
    arrays = {"n_neurons": 784}
    for split, name in ((TRAIN_SPLIT, "train"), (TEST_SPLIT, "test")):
        encoder = Encoder(1, split, model.n_steps)
        dense = np.stack(
            [encoder.encode(image, k) for k, image in enumerate(getattr(digits, f"{name}_images"))]
        )
        sample, step, neuron = np.nonzero(dense)
        arrays |= {f"{name}_sample": sample, f"{name}_time": step - 1, f"{name}_neuron": neuron}
        arrays[f"{name}_labels"] = getattr(digits, f"{name}_labels")
    np.savez(tmp_path / "events.npz", **arrays)
    trains = read_dataset("events", tmp_path / "events.npz")
    runs = [
        train(build_network(model, HIDDEN, table(), 1, 784), one, epochs=2)
        for one in (digits, trains)
    ]
    assert runs[0] == runs[1] and runs[0][-1]["spike_count_feedforward1"] > 0


def test_a_network_of_another_size_is_refused(tmp_path):
    np.savez(tmp_path / "events.npz", **EVENTS)
    trains = read_dataset("events", tmp_path / "events.npz")
    for n_inputs, n_classes in ((5, 12), (4, 10)):
        network = build_network(ModelSettings(n_steps=60), HIDDEN, table(), 1, n_inputs, n_classes)
        said = refusal(lambda network=network: train(network, trains, 1), SettingsError)
        assert said.endswith("build it with n_inputs=4, n_classes=12.")


def test_the_example_in_the_documentation_runs(root, tmp_path, snakemake):
    """scikit-learn's 8 x 8 digits, from an array to a trained network."""
    page = (root / "docs" / "how-to" / "data.md").read_text()
    (python,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (overlay,) = re.findall(r"```yaml.*?\n(.*?)```", page, re.DOTALL)
    subprocess.run([sys.executable, "-c", python], cwd=tmp_path, check=True)
    tiny = "arms: {digits8: {n_train: 8, n_test: 4, epochs: 1, table: {grid: 20}}}\n"
    (tmp_path / "mine.yaml").write_text(overlay)
    (tmp_path / "tiny.yaml").write_text(f"{tiny}simulation: {{repeats: 2}}\n")
    target = re.search(r"snakemake .*?(results/mine/\S+\.csv)", page)[1]
    snakefile = root / "workflow" / "Snakefile"
    command = ["--snakefile", snakefile, target, "--configfile", "mine.yaml", "tiny.yaml"]
    done = snakemake(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / target).read_text().count("\n") == 2
    description = (tmp_path / "results/mine/prepare_data/digits8.json").read_text()
    assert '"n_pixels": 64' in description
    # A moved file reruns nothing, a changed one everything.
    (tmp_path / "digits8.npz").rename(tmp_path / "moved.npz")
    (tmp_path / "mine.yaml").write_text(overlay.replace("digits8.npz", "moved.npz"))
    assert "Nothing to be done" in snakemake(*command, cwd=tmp_path).stdout
    with np.load(tmp_path / "moved.npz") as arrays:
        changed = dict(arrays) | {"test_labels": arrays["test_labels"][::-1]}
    np.savez(tmp_path / "moved.npz", **changed)
    plan = snakemake("--dry-run", *command, cwd=tmp_path)
    assert "prepare_data" in plan.stdout and "Training digits8" in plan.stdout, plan.stdout
