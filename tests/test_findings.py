"""Findings about the published program: the measurements by hand, the file, the verdicts."""

import pandas as pd
import pytest
from conftest import ROOT

from strsbp.study.claims.judging import judge_findings
from strsbp.study.experiments.findings import measure
from strsbp.study.experiments.findings.measure import measure_findings

FINDINGS = ROOT / "resources" / "findings.yaml"


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


def test_small_runs_show_no_effect_and_other_measurements_refute(tmp_path):
    names = {name: f"summarise_training/{name}" for name in ("arms", "pairs", "runs")}
    names |= {name: f"gradients/{name}" for name in ("gradients", "denominators")}
    names |= {name: f"{name}/summary" for name in ("regularisation", "published_logs")}
    names |= {"quality": "summarise_spsp/quality", "measured": "findings/measurements"}
    tables = {name: ROOT / "results" / "paper" / f"{file}.csv" for name, file in names.items()}
    for name, column, value in (("arms", "n_train", 200), ("measured", "mean", 0.5)):
        frame = pd.read_csv(tables[name])
        frame[column] = value
        tables[name] = tmp_path / f"{name}.csv"
        frame.to_csv(tables[name], index=False)
    judge_findings(findings=FINDINGS, tables=tables, out=tmp_path / "verdicts.csv")
    frame = pd.read_csv(tmp_path / "verdicts.csv").set_index("id")
    assert frame.loc["F5", "verdict"].iloc[0] == "refuted"
    said = frame["effect_text"].dropna()
    assert len(said) > 4 and said.str.match(r"Needs .*\(here 200\)").all()
