"""Checkpoints, surfaces and networks that are damaged or belong to something else."""

import numpy as np
import pytest
import test_training
from refusals import refusal

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.errors import CheckpointError
from strsbp.settings import SimulatedTable
from strsbp.spsp import load_surface, save_surface, simulate_surface
from strsbp.training.epochs import TrainingState, train_epoch
from strsbp.training.run import resume

ARRAYS = {"layer/weights": np.arange(12.0).reshape(3, 4), "n": np.array(3), "none": np.zeros(0)}
DOCUMENT = {"rows": [{"epoch": 1, "cost": 2.5}], "text": "ä"}


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    save_checkpoint(tmp_path / "c.npz", ARRAYS, DOCUMENT)
    arrays, document = load_checkpoint(tmp_path / "c.npz")
    assert document == DOCUMENT and set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].flags.writeable


def test_a_damaged_checkpoint_is_an_error(tmp_path):
    path = tmp_path / "c.npz"
    save_checkpoint(path, {"a": np.arange(1000.0)}, {"b": 1})
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for size in rng.integers(0, len(content), size=30):
        path.write_bytes(content[:size])
        assert "delete it" in refusal(lambda: load_checkpoint(path), CheckpointError)
    n_refused = 0
    for position in rng.integers(0, len(content), size=100):
        altered = bytearray(content)
        altered[position] ^= 0xFF
        path.write_bytes(altered)
        try:
            arrays, document = load_checkpoint(path)
        except CheckpointError:
            n_refused += 1
        else:  # bytes without content, such as timestamps of the container
            np.testing.assert_array_equal(arrays["a"], np.arange(1000.0))
            assert document == {"b": 1}
    assert n_refused > 80


# --- a surface


def test_other_content_is_not_a_surface(tmp_path):
    table = SimulatedTable(
        spsp="published", tau_m=64, tau_s=8, refractory_steps=2, n_steps=60, grid=3
    )
    surface = simulate_surface(table, repeats=2, seed=1)
    path = tmp_path / "surface.npz"
    save_surface(surface, path)
    np.testing.assert_array_equal(load_surface(path).mean, surface.mean)
    arrays, document = load_checkpoint(path)
    for other in (np.zeros((2, 3)), np.full((3, 3), np.nan)):
        save_checkpoint(path, arrays | {"mean": other}, document)
        assert "does not contain a simulated surface" in refusal(lambda: load_surface(path))
    save_checkpoint(path, ARRAYS, DOCUMENT)
    assert "does not contain a simulated surface" in refusal(lambda: load_surface(path))


# --- a run


@pytest.fixture(scope="module")
def state():
    """A small run after one epoch."""
    network, digits = test_training.small_network(), test_training.small_digits(6, 4)
    state = TrainingState.start(network, digits)
    train_epoch(state)
    return state


def fresh(state):
    """A run of the same network that has not begun."""
    return TrainingState(state.network, state.digits, np.ones(len(state.digits.train_labels)))


def contents(state):
    arrays = {**state.network.state(), "boost": state.boost}
    return arrays, {"settings_sha256": "same", "rows": state.rows, "seconds": [1.0]}


@pytest.mark.parametrize("name", ["boost", "n_updates", "output3/weights"])
@pytest.mark.parametrize("change", ["missing", "shape", "dtype"])
def test_arrays_of_another_network_are_an_error(state, tmp_path, name, change):
    arrays, document = contents(state)
    array = arrays.pop(name)
    if change == "shape":
        arrays[name] = np.zeros((*array.shape, 2), array.dtype)
    elif change == "dtype":
        arrays[name] = array.astype(np.complex64)
    save_checkpoint(tmp_path / "own.npz", arrays, document)
    call = lambda: resume(fresh(state), tmp_path / "own.npz", "same")  # noqa: E731
    assert "does not contain a run of this network; delete it" in refusal(call, CheckpointError)


TWO_EPOCHS = {"rows": [{"epoch": k, "diverged": ""} for k in (1, 2)], "seconds": [1.0, 1.0]}
"""Of a run whose weights were updated in one epoch alone."""


@pytest.mark.parametrize("change", [{"seconds": []}, {"rows": [{}]}, {"rows": None}, TWO_EPOCHS])
def test_a_document_without_a_run_is_an_error(state, tmp_path, change):
    arrays, document = contents(state)
    save_checkpoint(tmp_path / "own.npz", arrays, document | change)
    call = lambda: resume(fresh(state), tmp_path / "own.npz", "same")  # noqa: E731
    assert "does not contain a run of this network" in refusal(call, CheckpointError)
