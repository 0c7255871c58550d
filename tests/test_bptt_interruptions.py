"""BPTT that is killed goes on from its own checkpoint alone; needs the extra `bptt`."""

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from refusals import one_sentence
from test_interruptions import finish, start, version_of
from test_training import small_digits

torch = pytest.importorskip("torch", reason="the extra bptt is not installed")
pytest.importorskip("snntorch", reason="the extra bptt is not installed")

import test_bptt_training as small  # noqa: E402

from strsbp.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from strsbp.errors import CheckpointError  # noqa: E402
from strsbp.study.experiments.bptt import measure as bptt  # noqa: E402

EPOCHS = 8
N_KILLS = 3
CHECKPOINT = "seed3.ckpt.npz"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The threads of tiny products only wait for each other."""
    torch.set_num_threads(1)


def run(folder, **settings):
    """A small run; returns its metrics."""
    return small.run(folder, small_digits(20, 10), **settings)[0].read_bytes()


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """A folder with the checkpoint that two epochs leave, and no more."""
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *args, **kwargs: None)
        run(tmp_path)
    for path in tmp_path.glob("seed3.[cj]s*"):
        path.unlink()
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    return tmp_path


def test_killed_after_checkpoints_it_ends_with_the_same_metrics(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    status, _, errors = finish(start(whole, EPOCHS, "test_bptt_interruptions"))
    assert status == 0, errors
    for _ in range(N_KILLS):
        before = version_of(killed / CHECKPOINT)
        process = start(killed, EPOCHS, "test_bptt_interruptions")
        while version_of(killed / CHECKPOINT) == before and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        _, _, errors = finish(process)
        assert process.returncode == -signal.SIGKILL, errors
        assert not (killed / "seed3.csv").exists()
    assert len(load_checkpoint(killed / CHECKPOINT)[1]["rows"]) >= N_KILLS, "each one went on"
    status, _, errors = finish(start(killed, EPOCHS, "test_bptt_interruptions"))
    assert status == 0, errors
    assert (killed / "seed3.csv").read_bytes() == (whole / "seed3.csv").read_bytes()
    document = json.loads((killed / "seed3.json").read_text())
    assert document["resumed"] is True
    for key in ("cpu_seconds_per_epoch", "seconds_per_epoch"):
        assert len(document[key]) == EPOCHS
    assert not (killed / CHECKPOINT).exists()


def begun(digits):
    return bptt.Training(small.network(), digits, small.SETTINGS)


def test_weights_and_moments_go_on_to_the_last_bit(stopped):
    digits = small_digits(20, 10)
    whole, resumed = begun(digits), begun(digits)
    for epoch in range(3):
        whole.train_epoch(epoch)
    arrays, _ = load_checkpoint(stopped / CHECKPOINT)
    assert resumed.load_state(arrays) == 2 * 3, "two epochs of three batches"
    resumed.train_epoch(2)
    expected, found = whole.state(), resumed.state()
    assert set(found) == set(expected)
    assert "neurons.1.recurrent.weight/exp_avg_sq" in expected
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


@pytest.mark.parametrize("epochs", [1, 2, 4])
def test_another_number_of_epochs_goes_on_from_the_same_checkpoint(stopped, tmp_path, epochs):
    expected = run(tmp_path / "whole", epochs=epochs)
    assert run(stopped, epochs=epochs) == expected
    document = json.loads((stopped / "seed3.json").read_text())
    assert len(document["cpu_seconds_per_epoch"]) == epochs


@pytest.mark.parametrize(
    "settings",
    [
        dict(learning_rate=0.02),
        dict(arm=small.ARM.model_copy(update=dict(tau_m=21.0))),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(stopped, settings):
    before = (stopped / CHECKPOINT).read_bytes()
    with pytest.raises(CheckpointError, match="belongs to other settings.*delete it") as error:
        run(stopped, **settings)
    one_sentence(error.value)
    assert (stopped / CHECKPOINT).read_bytes() == before
    assert not (stopped / "seed3.csv").exists()


@pytest.mark.parametrize("name", ["weights.2.weight", "neurons.1.recurrent.weight/exp_avg"])
def test_arrays_of_another_network_are_refused(stopped, name):
    arrays, document = load_checkpoint(stopped / CHECKPOINT)
    arrays[name] = np.zeros((*arrays[name].shape, 2), arrays[name].dtype)
    save_checkpoint(stopped / CHECKPOINT, arrays, document)
    with pytest.raises(CheckpointError, match="not contain a run of this network") as error:
        run(stopped)
    one_sentence(error.value)
