"""Checkpoints, surfaces and networks that are damaged, lie or are another's."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
import test_training
from bad_input import (
    NO_FILES,
    VALUES,
    attempt,
    changed_tree,
    damaged,
    examples,
    no_file,
    one_sentence,
    peak_memory,
    refusal,
)
from hypothesis import given
from hypothesis import strategies as st

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.errors import CheckpointError
from strsbp.network import build_network, load_network, save_network
from strsbp.settings import ModelSettings, SimulatedTable
from strsbp.spsp import load_surface, save_surface, simulate_surface
from strsbp.training.epochs import TrainingState, train_epoch
from strsbp.training.run import resume

ARRAYS = {"layer/weights": np.arange(12.0).reshape(3, 4), "n": np.array(3), "none": np.zeros(0)}
DOCUMENT = {"rows": [{"epoch": 1, "cost": 2.5}], "text": "ä"}
MEMORY = 16 << 20


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A checkpoint, as bytes."""
    path = tmp_path_factory.mktemp("checkpoint") / "c.npz"
    save_checkpoint(path, ARRAYS, DOCUMENT)
    return path.read_bytes()


def written(folder, content: bytes):
    path = folder.getbasetemp() / "c.npz"
    path.write_bytes(content)
    return path


@examples(200)
@given(data=st.data())
def test_any_damage_to_a_checkpoint_is_seen(saved, tmp_path_factory, data):
    content = data.draw(damaged(saved) | st.binary(max_size=80), label="content")
    path = written(tmp_path_factory, content)
    loaded = attempt(lambda: load_checkpoint(path), CheckpointError)
    if loaded is not None:
        arrays, document = loaded
        assert document == DOCUMENT and set(arrays) == set(ARRAYS)
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(arrays[name], array)


def members(**changes) -> bytes:
    file = io.BytesIO()
    np.savez(file, **changes)
    return file.getvalue()


@examples(100)
@given(
    document=st.binary(max_size=30)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.just(b"[" * 5000)
    | st.just(b"9" * 5000),
    digest=st.text(max_size=5) | st.integers(-5, 5),
    dtype=st.sampled_from(["u1", "f4", "U1", "M8[s]"]),
)
def test_any_document_without_its_hash_is_refused(tmp_path_factory, document, digest, dtype):
    content = members(
        **{"document.json": np.frombuffer(document, np.uint8), "sha256": np.array(digest),
           "a": np.zeros(3, dtype)}
    )  # fmt: skip
    path = written(tmp_path_factory, content)
    refusal(lambda: load_checkpoint(path), CheckpointError)


@pytest.mark.parametrize("entries", [{}, {"sha256": np.array("x")}, {"document.json": np.zeros(3)}])
def test_a_checkpoint_without_its_parts_is_refused(tmp_path, entries):
    path = tmp_path / "c.npz"
    path.write_bytes(members(**entries))
    refusal(lambda: load_checkpoint(path), CheckpointError)


def test_a_compressed_checkpoint_is_not_unpacked(tmp_path):
    path = tmp_path / "c.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        target.writestr("a.npy", bytes(1 << 27))
    found = peak_memory(lambda: refusal(lambda: load_checkpoint(path), CheckpointError))
    assert found < MEMORY


@pytest.mark.parametrize("shape", [(2**31, 784), (2**62,), (2**40, 2**40), (-1,), (2**31, 0, 2)])
def test_a_header_that_promises_too_much_takes_no_memory(tmp_path, shape):
    header = io.BytesIO()
    true = dict(descr="<f8", fortran_order=False, shape=shape)
    np.lib.format.write_array_header_1_0(header, true)
    path = tmp_path / "c.npz"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("a.npy", header.getvalue() + bytes(800))
    found = peak_memory(lambda: refusal(lambda: load_checkpoint(path), CheckpointError))
    assert found < MEMORY


class Trap:
    """Unpickling this makes a folder."""

    target = ""

    def __reduce__(self):
        return os.mkdir, (self.target,)


@pytest.mark.filterwarnings("ignore:The `allow_pickle`")
def test_nothing_is_unpickled(tmp_path):
    Trap.target = str(tmp_path / "made")
    array = np.array([Trap()], dtype=object)
    path = tmp_path / "c.npz"
    path.write_bytes(members(a=array))
    refusal(lambda: load_checkpoint(path), CheckpointError)
    np.save(path.with_suffix(".npy"), array, allow_pickle=True)
    refusal(lambda: load_checkpoint(path.with_suffix(".npy")), CheckpointError)
    with pytest.raises(TypeError, match="no objects"):
        save_checkpoint(path, {"a": array}, {})
    assert not os.path.exists(Trap.target)


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_neither_hangs_nor_fills_the_memory(tmp_path, kind):
    path = no_file(tmp_path, kind)
    refusal(lambda: load_checkpoint(path), CheckpointError)


# --- a surface


SURFACE = simulate_surface(
    SimulatedTable(spsp="published", tau_m=64, tau_s=8, refractory_steps=2, n_steps=60, grid=3),
    repeats=2,
    seed=1,
)


@examples(60)
@given(data=st.data())
def test_any_surface_is_whole_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "surface.npz"
    save_surface(SURFACE, path)
    arrays, document = load_checkpoint(path)
    changed = data.draw(changed_tree(document), label="document")
    key = data.draw(st.sampled_from(["mean", "standard_error", "none"]))
    if key in arrays:
        arrays[key] = data.draw(
            st.sampled_from(
                [np.zeros((2, 3)), np.full((3, 3), np.nan), np.zeros((3, 3), "U1"), np.zeros(())]
            )
        )
    try:
        save_checkpoint(path, arrays, changed)
    except UnicodeEncodeError:
        return
    surface = attempt(lambda: load_surface(path), CheckpointError)
    if surface is not None:
        assert surface.mean.shape == (surface.table.grid,) * 2 and np.isfinite(surface.mean).all()


def test_a_surface_that_was_saved_is_loaded(tmp_path):
    save_surface(SURFACE, tmp_path / "surface.npz")
    np.testing.assert_array_equal(load_surface(tmp_path / "surface.npz").mean, SURFACE.mean)
    save_checkpoint(tmp_path / "other.npz", ARRAYS, DOCUMENT)
    with pytest.raises(CheckpointError, match="does not hold a simulated surface"):
        load_surface(tmp_path / "other.npz")


# --- a run's checkpoint: intact, but not of this run


@pytest.fixture(scope="module")
def state():
    """A small run after one epoch."""
    state = TrainingState.start(
        build_network(
            ModelSettings(**test_training.SMALL), test_training.HIDDEN,
            test_training.small_table(), 1,
        ),
        test_training.small_digits(6, 4),
    )  # fmt: skip
    train_epoch(state)
    return state


def fresh(state):
    """A run of the same network that has not begun."""
    return TrainingState(state.network, state.digits, np.ones(len(state.digits.train_labels)))


def contents(state):
    arrays = {**state.network.state(), "boost": state.boost}
    return arrays, {"settings_sha256": "same", "rows": state.rows, "seconds": [1.0]}


@examples(80)
@given(data=st.data())
def test_any_document_with_its_hash_resumes_the_run_or_is_refused(state, tmp_path_factory, data):
    """The hash is no secret: whoever can write a checkpoint can write its hash."""
    arrays, document = contents(state)
    changed = data.draw(changed_tree(document), label="document")
    try:
        save_checkpoint(path := tmp_path_factory.getbasetemp() / "own.npz", arrays, changed)
    except UnicodeEncodeError:
        return
    begun = fresh(state)
    seconds = attempt(lambda: resume(begun, path, "same"), CheckpointError)
    if seconds is not None:
        assert begun.epoch == len(seconds)
        assert isinstance(begun.diverged, bool)


@pytest.mark.parametrize("name", ["boost", "n_updates", "feedforward1/weights", "output3/weights"])
@pytest.mark.parametrize(
    "change", ["missing", "shape", "dtype", "text"]
)  # nan and inf are what a diverged run holds
def test_arrays_of_another_network_are_refused(state, tmp_path, name, change):
    arrays, document = contents(state)
    array = arrays.pop(name)
    if change == "shape":
        arrays[name] = np.zeros((*array.shape, 2), array.dtype)
    elif change == "dtype":
        arrays[name] = array.astype(np.complex64)
    elif change == "text":
        arrays[name] = np.full(array.shape, "x")
    save_checkpoint(tmp_path / "own.npz", arrays, document)
    with pytest.raises(CheckpointError, match="delete it") as error:
        resume(fresh(state), tmp_path / "own.npz", "same")
    one_sentence(error.value)


def test_the_whole_checkpoint_resumes(state, tmp_path):
    save_checkpoint(tmp_path / "own.npz", *contents(state))
    begun = fresh(state)
    assert resume(begun, tmp_path / "own.npz", "same") == [1.0]
    assert begun.epoch == 1 and begun.rows == state.rows


# --- a network


@pytest.mark.parametrize(
    "change",
    [
        dict(seed=-1), dict(seed=2**200), dict(seed="x"), dict(n_inputs=-1), dict(n_inputs=10**7),
        dict(n_inputs=1.5), dict(hidden=[]), dict(hidden=3), dict(model={"tau_m": "x"}),
        dict(hidden=[{"kind": "feedforward", "size": 20_000}] * 2),
        dict(hidden=[{"kind": "recurrent", "shape": [5, 5, 800]}]),
    ],
)  # fmt: skip
def test_a_network_that_its_weights_do_not_fit_is_refused_without_the_memory(tmp_path, change):
    network = build_network(
        ModelSettings(), test_training.HIDDEN, test_training.small_table(), 1, n_inputs=36
    )
    path = tmp_path / "network.npz"
    save_network(path, network, test_training.HIDDEN)
    arrays, document = load_checkpoint(path)
    save_checkpoint(path, arrays, document | change)
    assert peak_memory(lambda: refusal(lambda: load_network(path), CheckpointError)) < 50e6


def test_a_network_with_words_for_coefficients_is_refused(tmp_path):
    network = build_network(
        ModelSettings(), test_training.HIDDEN, test_training.small_table(), 1, n_inputs=36
    )
    path = tmp_path / "network.npz"
    save_network(path, network, test_training.HIDDEN)
    arrays, document = load_checkpoint(path)
    save_checkpoint(path, arrays | dict(derivative_coefficients=np.array([["a"]])), document)
    refusal(lambda: load_network(path), CheckpointError)
