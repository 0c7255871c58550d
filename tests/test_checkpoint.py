"""Checkpoints, surfaces and networks that are damaged or belong to something else."""

import numpy as np
import pytest
import test_training
from refusals import refusal

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.errors import CheckpointError
from strsbp.network import load_network
from strsbp.settings import SimulatedTable
from strsbp.spsp.simulate import load_surface, save_surface, simulate_surface
from strsbp.training.epochs import TrainingState
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


def test_a_missing_network_need_not_be_deleted(tmp_path):
    said = refusal(lambda: load_network(tmp_path / "nowhere.npz"), CheckpointError)
    assert said.startswith("There is no file ") and "delete" not in said


def test_other_content_is_not_a_surface(tmp_path):
    table = SimulatedTable(
        spsp="published", tau_m=64, tau_s=8, refractory_steps=2, n_steps=60, grid=3
    )
    path = tmp_path / "surface.npz"
    surface = simulate_surface(table, repeats=2, seed=1)
    save_surface(surface, path)
    np.testing.assert_array_equal(load_surface(path).mean, surface.mean)
    save_checkpoint(path, ARRAYS, DOCUMENT)
    assert "does not contain a simulated surface" in refusal(lambda: load_surface(path))
    said = refusal(lambda: load_network(path), CheckpointError)
    assert "does not contain a saved network" in said


@pytest.mark.parametrize(
    ("fingerprint", "left_out", "words"),
    [
        ("another", None, "belongs to other settings, data or table; delete it"),
        ("same", "boost", "is of another version of strsbp ('boost'); delete it"),
        ("same", "output3/weights", "The saved network lacks output3/weights"),
    ],
)
def test_the_checkpoint_of_another_run_is_an_error(tmp_path, fingerprint, left_out, words):
    state = TrainingState.start(test_training.small_network(), test_training.small_digits(6, 4))
    arrays = {name: array for name, array in state.arrays().items() if name != left_out}
    document = {"settings_sha256": "same", "rows": [], "seconds": []}
    save_checkpoint(tmp_path / "own.npz", arrays, document)
    said = refusal(lambda: resume(state, tmp_path / "own.npz", fingerprint), CheckpointError)
    assert words in said
