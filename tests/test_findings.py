"""Findings about the published program: the measurements by hand, the file, the verdicts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from strsbp.errors import ClaimsError
from strsbp.study.claims.findings import COLUMNS, judge_findings, load_findings
from strsbp.study.experiments.findings import measure
from strsbp.study.experiments.findings.measure import (
    measure_findings,
    reservoir_counts,
    share_moved,
)

FINDINGS = Path(__file__).resolve().parents[1] / "resources" / "findings.yaml"


def test_the_published_reservoir_has_no_cycles():
    published = reservoir_counts((3, 3, 4), 1, "published")
    derived = reservoir_counts((3, 3, 4), 1, "derived")
    assert published["neurons_on_cycles"] == 0 < derived["neurons_on_cycles"]
    assert published["connections"] < derived["connections"]


def test_half_a_shuffle_moves_as_many_as_chance_says():
    # A sample stays if none of 10,000 draws hits it, but for swaps that undo each other.
    assert share_moved(1, 60_000) == pytest.approx(1 - np.exp(-10_000 / 60_000), abs=0.005)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The measurements of short trains and a small reservoir, as a file."""
    return measured_again(tmp_path_factory.mktemp("measured"))


def measured_again(folder):
    out = folder / "f.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "JAMMED_COUNT", 28)
        patch.setattr(measure, "BLOCKED_COUNTS", (5, 20))
        patch.setattr(measure, "STUDY_GRID", 24)
        measure_findings(out=out, shape=(2, 2, 3), seeds=(1, 2), n_steps=100, gap=3)
    return out


def test_measurements_are_tidy_and_repeat(measured, tmp_path):
    assert measured_again(tmp_path).read_bytes() == measured.read_bytes()
    frame = pd.read_csv(measured)
    assert not frame.duplicated(["finding", "setting", "quantity"]).any()
    assert set(frame["finding"]) == {"F2", "F3", "F5", "F8"}
    assert frame.loc[frame["finding"] == "F3", "mean"].between(1e-3, 1).all()
    blocked = frame[frame["finding"] == "F2"].set_index("setting")["mean"]
    # One of 100 intervals, of which the end has half, for each of five spikes: about 2.5 %.
    assert blocked["count 5"] == pytest.approx(0.027, abs=0.003)


def test_the_file_has_every_finding():
    found = load_findings(FINDINGS)
    assert [finding.id for finding in found] == [f"F{number}" for number in range(1, 12)]


def measured_rows():
    rows = dict(
        F2=[("count 50", "share_with_spike_at_0", 0.06),
            ("count 100", "share_with_spike_at_0", 0.12)],
        F3=[("count 110", "share_jammed_exact", 0.4),
            ("grid 100, 1000 repeats", "share_of_simulations_jammed", 0.0)],
        F5=[("published", "connections", 1310), ("derived", "connections", 4500),
            ("published", "neurons_on_cycles", 0)],
        F8=[("60000 samples", "share_moved", 0.6), ("10000 samples", "share_moved", 0.9)],
    )  # fmt: skip
    return [
        dict(finding=finding, setting=setting, quantity=quantity, mean=mean, low=mean, high=mean)
        for finding, entries in rows.items()
        for setting, quantity, mean in entries
    ]


def pair(arm, difference, low, high, n_pairs=3):
    return dict(
        arm_a=arm, arm_b="strsbp", at_epoch=10, quantity="best_test_error", n_pairs=n_pairs,
        difference=difference, low=low, high=high, p_value=0.02, n_diverged_a=0, n_diverged_b=0,
    )  # fmt: skip


def arm_row(arm, n_train=10_000):
    return dict(arm=arm, at_epoch=10, quantity="best_test_error", n_train=n_train, n_test=10_000)


@pytest.fixture
def tables(tmp_path):
    """Tables in which F5 holds, F3 holds partly, F8 does not, and the rest was not measured."""
    empty = ["state", "arm", "layer", "reference", "quantity", "statistic", "mean", "value"]
    frames = dict(
        measured=pd.DataFrame(measured_rows()),
        arms=pd.DataFrame([arm_row("derived_reservoir"), arm_row("derived_all", 200)]),
        pairs=pd.DataFrame([pair("derived_reservoir", 0.01, 0.005, 0.015),
                            pair("derived_all", -0.01, -0.02, -0.001)]),
        runs=pd.DataFrame(columns=["arm", "diverged", "last_test_error"]),
        gradients=pd.DataFrame(columns=empty),
        denominators=pd.DataFrame(columns=empty),
        quality=pd.DataFrame(columns=["spsp", "grid", "region", "quantity", "value"]),
    )  # fmt: skip
    paths = {name: tmp_path / f"{name}.csv" for name in frames}
    for name, frame in frames.items():
        frame.to_csv(paths[name], index=False)
    return paths


def test_verdicts_and_effects(tables, tmp_path):
    judge_findings(findings=FINDINGS, tables=tables, out=tmp_path / "verdicts.csv")
    frame = pd.read_csv(tmp_path / "verdicts.csv")
    assert list(frame.columns) == COLUMNS
    verdicts = frame.drop_duplicates("id").set_index("id")["verdict"].to_dict()
    assert verdicts == {
        "F1": "not measured", "F2": "not measured", "F3": "partly confirmed",
        "F4": "not measured", "F5": "confirmed", "F6": "not measured", "F7": "not measured",
        "F8": "refuted", "F9": "not measured", "F10": "not measured", "F11": "not measured",
    }  # fmt: skip
    effects = frame[frame["id"] == "F5"].set_index("effect_of")["effect_text"]
    worse, small = effects["derived_reservoir minus strsbp"], effects["derived_all minus strsbp"]
    assert "+1.00 points [+0.50, +1.50]" in worse and "significantly worse" in worse
    assert "p = 0.02, with Holm's correction for 2 tests 0.04" in worse
    assert "too small to tell: it needs 10,000 training images (here 200)" in small
    assert "was not measured" in frame.loc[frame["id"] == "F6", "effect_text"].iloc[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw["findings"][6].pop("not_measured"), "either a `rule` or the reason"),
        (lambda raw: raw["findings"].append(raw["findings"][0]), "two entries with the id 'F1'"),
        (lambda raw: raw["findings"][0].update(colour="red"), "there is no such setting"),
    ],
)
def test_a_malformed_file_ends_in_one_sentence(change, words, tmp_path):
    raw = yaml.safe_load(FINDINGS.read_text())
    change(raw)
    path = tmp_path / "findings.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(ClaimsError, match=words):
        load_findings(path)
