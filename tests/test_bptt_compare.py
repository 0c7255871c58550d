"""BPTT beside the other methods: what is computed from the files of runs, and its settings."""

import json

import pandas as pd
import pytest
from refusals import refusal

from strsbp.files import ResultsError
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.study.experiments.bptt.settings import BpttSettings, BpttTraining, of_network
from strsbp.study.experiments.bptt.summarise import summarise_bptt

DATA = dict(dataset="mnist5k", n_train=40, n_test=20, sha256="a" * 64)
SETTINGS = BpttTraining(epochs=2).model_dump(mode="json")
NETWORK = of_network(ArmSettings(title="a"), [LayerSettings(kind="feedforward", size=3)])


def arm_run(folder, arm, seed, errors, seconds, *, device="cpu", diverged=""):
    """Metrics of a run of an arm; `diverged` names the layer in the last epoch."""
    path = folder / arm / f"seed{seed}.csv"
    path.parent.mkdir(exist_ok=True)
    rows = [f"{epoch},{error},0.1,1," for epoch, error in enumerate(errors, 1)]
    rows[-1] += diverged
    path.write_text("\n".join(["epoch,test_error,train_error,cost,diverged", *rows]) + "\n")
    document = dict(
        arm=arm, seed=seed, data=DATA, device=device, seconds_per_epoch=seconds,
        settings=dict(title=arm.upper(), architecture="x", epochs=len(errors)),
    )  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(document))
    return path


def bptt_run(folder, seed, errors, seconds, /, **changes):
    """Metrics of a run of BPTT; `changes` are entries of its provenance."""
    path = folder / "bptt" / f"seed{seed}.csv"
    path.parent.mkdir(exist_ok=True)
    rows = [f"{epoch},{error},0.1,1" for epoch, error in enumerate(errors, 1)]
    path.write_text("\n".join(["epoch,test_error,train_error,loss", *rows]) + "\n")
    document = dict(
        seed=seed, settings=SETTINGS, network=NETWORK, data=DATA, cpu_seconds_per_epoch=seconds
    )
    path.with_suffix(".json").write_text(json.dumps(document | changes))
    return path


@pytest.fixture
def compare(tmp_path):
    """Function that compares runs of BPTT, given as files, with two arms; returns the table."""

    def compared(bptt, **arms):
        strsbp = arms.get("strsbp") or [
            arm_run(tmp_path, "strsbp", 1, [0.5, 0.3, 0.2], [3, 2, 4]),
            arm_run(tmp_path, "strsbp", 2, [0.7, 0.2, 0.3], [5, 2.5, 6]),
        ]
        hm2bp = [arm_run(tmp_path, "hm2bp", 1, [0.6, 0.4, 0.35], [9, 8, 7])]
        out = tmp_path / "bptt.csv"
        summarise_bptt(
            strsbp=strsbp, hm2bp=hm2bp, bptt=bptt, settings=SETTINGS, network=NETWORK, out=out,
            times=arms.get("times", []),
        )  # fmt: skip
        return pd.read_csv(out)

    return compared


def row(table, method, quantity, **more):
    chosen = table[(table["method"] == method) & (table["quantity"] == quantity)]
    for column, value in more.items():
        chosen = chosen[chosen[column] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_errors_and_seconds_by_hand(compare, tmp_path):
    runs = [
        bptt_run(tmp_path, 1, [0.4, 0.25], [31, 30]),
        bptt_run(tmp_path, 2, [0.6, 0.05], [40, 50]),
    ]
    table = compare(runs)
    # The fastest epoch of the method, times the number of epochs.
    assert row(table, "strsbp", "seconds_per_epoch")["mean"] == 2
    second = row(table, "strsbp", "test_error", epoch=2)
    assert (second["mean"], second["seconds"], second["n_seeds"]) == (0.25, 4, 2)
    assert row(table, "bptt", "test_error", epoch=2)["seconds"] == 60
    # Means 0.6, 0.25, 0.25 / 0.6, 0.4, 0.35 / 0.5, 0.15: all reach 0.35.
    reached = {
        method: tuple(row(table, method, "seconds_to_common_error")[["epoch", "mean"]])
        for method in ("strsbp", "hm2bp", "bptt")
    }
    assert reached == {"strsbp": (2, 4), "hm2bp": (3, 21), "bptt": (2, 60)}
    assert row(table, "strsbp", "best_test_error")["mean"] == 0.2
    assert row(table, "bptt", "best_test_error")["mean"] == pytest.approx(0.15)
    assert (row(table, "bptt", "best_test_error")[["n_train", "n_test"]] == [40, 20]).all()
    compared = table.loc[table["quantity"] == "best_test_error_difference", "reference"]
    assert list(compared) == ["strsbp", "hm2bp"]


@pytest.mark.parametrize(
    ("errors", "changes", "words"),
    [
        ([0.4, 0.3], dict(settings=SETTINGS | {"epochs": 3}), "other settings"),
        ([0.4, 0.3], dict(network=NETWORK | {"tau_m": 65.0}), "other network"),
        ([0.4, 0.3], dict(data=DATA | {"sha256": "b"}), "other data"),
        ([0.4], {}, "each of 2 epochs"),
        ([0.4, ""], {}, "each of 2 epochs"),
        ([0.4, "high"], {}, "not a number"),
    ],
)
def test_runs_that_do_not_fit_are_refused(compare, tmp_path, errors, changes, words):
    run = bptt_run(tmp_path, 1, errors, [1, 1], **changes)
    assert words in refusal(lambda: compare([run]), ResultsError)
    assert not (tmp_path / "bptt.csv").exists()


def test_the_network_of_bptt_needs_an_arm():
    with pytest.raises(ValueError, match="an arm of ST-RSBP as `strsbp`"):
        BpttSettings(arms=dict(hm2bp="a"))


def test_a_run_depends_on_the_settings_of_training_alone():
    one = BpttSettings(arms=dict(strsbp="a"), seeds=[1])
    assert one.of_run == BpttSettings(arms=dict(strsbp="b"), seeds=[2]).of_run
    assert one.of_run != BpttSettings(arms=dict(strsbp="a"), learning_rate=0.5).of_run
