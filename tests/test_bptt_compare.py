"""BPTT beside the other methods: what is computed from the files of runs, and its settings."""

import json

import pandas as pd
import pytest
from refusals import refusal

from strsbp.errors import SettingsError
from strsbp.files import ResultsError
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.study.experiments.bptt import settings as bptt_settings
from strsbp.study.experiments.bptt.settings import (
    TIME_COLUMNS,
    BpttSettings,
    BpttTraining,
    of_network,
    trains_bptt,
)
from strsbp.study.experiments.bptt.summarise import summarise_bptt
from strsbp.study.loading import load_study, merged, read_config

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


def test_times_are_relative_to_those_of_the_same_round(compare, tmp_path):
    path = tmp_path / "times.csv"
    rows = [
        f"trained,{method},{flushed},{turn},9,{cpu_ms * slow},1"
        for turn, slow in enumerate((1, 5))
        for method, flushed, cpu_ms in (
            ("strsbp", 0, 2), ("bptt", 0, 60 + 20 * turn), ("bptt", 1, 30),
        )
    ]  # fmt: skip
    path.write_text("\n".join([",".join(TIME_COLUMNS), *rows]) + "\n")
    table = compare([bptt_run(tmp_path, 1, [0.4, 0.25], [31, 30])], times=[path])
    slow, fast = (row(table, "bptt", f"trained_times{end}") for end in ("", "_flushed"))
    assert (slow["mean"], fast["mean"]) == (35, 15)
    assert slow["low"] < 35 < slow["high"] and fast["n_seeds"] == 2


def test_differences_are_paired_up_to_the_epoch_that_both_reach(compare, tmp_path):
    runs = [
        bptt_run(tmp_path, 1, [0.4, 0.25], [31, 30]),
        bptt_run(tmp_path, 2, [0.6, 0.05], [40, 50]),
        bptt_run(tmp_path, 3, [0.9, 0.9], [40, 50]),
    ]
    table = compare(runs)
    # Best up to epoch 2: 0.25 - 0.3 and 0.05 - 0.2; the third seed has no partner.
    found = row(table, "bptt", "best_test_error_difference", reference="strsbp")
    assert found["mean"] == pytest.approx(-0.1)
    # t of one degree of freedom, 97.5 %: 12.706; half the distance of two values: 0.05.
    assert found["high"] == pytest.approx(-0.1 + 12.7062 * 0.05, rel=1e-4)
    assert (found["epoch"], found["n_seeds"]) == (2, 2)
    alone = row(table, "bptt", "best_test_error_difference", reference="hm2bp")
    assert alone["mean"] == pytest.approx(0.25 - 0.4) and pd.isna(alone["low"])


def test_without_bptt_the_other_methods_are_there(compare):
    table = compare([])
    assert set(table["method"]) == {"strsbp", "hm2bp"}
    assert row(table, "hm2bp", "seconds_to_common_error")["mean"] == 21


def test_runs_on_a_gpu_have_no_seconds(compare, tmp_path):
    strsbp = [arm_run(tmp_path, "strsbp", 1, [0.5, 0.3], [0.1, 0.1], device="cuda")]
    table = compare([], strsbp=strsbp)
    own = table[table["method"] == "strsbp"]
    assert set(own["quantity"]) == {"test_error", "best_test_error"}
    assert own["seconds"].isna().all()


def test_a_diverged_run_counts_until_it_diverges(compare, tmp_path):
    strsbp = [
        arm_run(tmp_path, "strsbp", 1, [0.5, 0.3, 0.2], [2, 2, 2]),
        arm_run(tmp_path, "strsbp", 2, [0.7, 0.1, 0.9], [2, 2, 2], diverged="output2"),
    ]
    table = compare([], strsbp=strsbp)
    errors = table[(table["method"] == "strsbp") & (table["quantity"] == "test_error")]
    assert errors["n_seeds"].tolist() == [2, 2, 1]
    assert errors["mean"].tolist() == pytest.approx([0.6, 0.2, 0.2])


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


def test_arms_whose_runs_all_diverged_at_once_are_refused(compare, tmp_path):
    strsbp = [arm_run(tmp_path, "strsbp", 1, [0.9], [2], diverged="output2")]
    assert "'strsbp' diverged" in refusal(lambda: compare([], strsbp=strsbp), ResultsError)


def settings(enabled):
    return BpttSettings(enabled=enabled, strsbp="a", hm2bp="b")


def test_whether_bptt_is_trained(monkeypatch):
    monkeypatch.setattr(bptt_settings, "LIBRARIES", ("json",))
    assert [trains_bptt(settings(word)) for word in ("auto", "yes", "no")] == [True, True, False]
    monkeypatch.setattr(bptt_settings, "LIBRARIES", ("json", "no_such_library"))
    assert [trains_bptt(settings(word)) for word in ("auto", "no")] == [False, False]
    said = refusal(lambda: trains_bptt(settings("yes"), "mine.yaml"), SettingsError)
    assert said.startswith("mine.yaml, bptt.enabled: 'yes'") and "no_such_library" in said


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ({"bptt": {"hm2bp": "nobody"}}, "unknown arm 'nobody'"),
        ({"bptt": {"seeds": [1, 1]}}, "no value may be listed twice"),
    ],
)
def test_mistakes_in_the_settings_end_in_one_sentence(root, overlay, words):
    base = read_config(root / "config" / "config.yaml")
    assert words in refusal(lambda: load_study(merged(base, overlay), "here"), SettingsError)


def test_rivals_on_other_digits_are_refused_once_they_are_compared(root):
    base = read_config(root / "config" / "config.yaml")
    study = load_study(merged(base, {"arms": {"hm2bp": {"n_train": 7}}}), "here")
    assert "'strsbp' and 'hm2bp', which differ in n_train" in refusal(
        lambda: study.bptt.check_same_digits(study.all_arms), SettingsError
    )
    study = load_study(base, "here")
    study.bptt.check_same_digits(study.all_arms)


def test_a_run_depends_on_the_settings_of_training_alone():
    one = BpttSettings(strsbp="a", hm2bp="b", seeds=[1])
    assert one.of_run() == BpttSettings(strsbp="c", hm2bp="b", seeds=[2], enabled="no").of_run()
    assert one.of_run() != BpttSettings(strsbp="a", hm2bp="b", learning_rate=0.5).of_run()
