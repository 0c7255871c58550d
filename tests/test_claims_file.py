"""The claims file: its content, mistakes in it, and the csv that follows from it."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from refusals import refusal
from synthetic_results import ARMS, write_runs, write_surfaces

from strsbp.errors import ClaimsError
from strsbp.study.claims import judge_claims, load_claims, published_value
from strsbp.study.claims.judging import load_topics
from strsbp.study.claims.rules import MeasuringRule
from strsbp.study.claims.units import format_interval, format_value
from strsbp.study.experiments import EXPERIMENTS
from strsbp.study.summary import summarise_training

CLAIMS = Path(__file__).resolve().parents[1] / "resources" / "claims.yaml"
RULE = dict(kind="within", subject="it", table="arms", where={}, high=1)
CLAIM = dict(id="a", place="p", statement="s", unit="error", rule=RULE)


def topic(*claims):
    return dict(topics=[dict(id="t", title="T", claims=list(claims))])


def write(path, content):
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def claims():
    """The shipped claims by their ids."""
    return {claim.id: claim for claim in load_claims(CLAIMS)}


@pytest.fixture(scope="module")
def measured(claims, tmp_path_factory):
    """Results files with every row that the shipped claims select, but for those of runs."""
    rows = {}

    def collect(rule):
        for part in getattr(rule, "rules", []):
            collect(part)
        for one in rule.measures() if isinstance(rule, MeasuringRule) else []:
            found = rows.setdefault(one.table, {})
            column = one.column or "mean"
            found[str(one.where)] = found.get(str(one.where), one.where) | {column: 2.0}

    for claim in claims.values():
        collect(claim.rule)
    folder, tables = tmp_path_factory.mktemp("measured"), {}
    for name in {"quality", *EXPERIMENTS} & set(rows):
        tables[name] = folder / f"{name}.csv"
        pd.DataFrame(rows[name].values()).to_csv(tables[name], index=False)
    return tables


DRAFTS = {
    name.replace("corrected", "draft").replace("6_t", "6_draft_t"): ARMS[name]
    for name in ("fig6_corrected", "fig6_threshold_8", "fig6_t_200")
}
"""Arms with the first revision of the corrected e_ij."""


def judged(folder, measured, variants=(), **runs):
    metrics, _ = write_runs(folder, **{"arms": ARMS | DRAFTS} | runs)
    names = ("curves", "seeds", "arms", "pairs", "runs")
    tables = {name: folder / f"{name}.csv" for name in names}
    summarise_training(metrics, **tables)
    tables = {name: tables[name] for name in ("arms", "pairs", "runs")}
    tables |= measured | dict(surfaces=write_surfaces(folder / "surfaces.csv"))
    judge_claims(
        claims=CLAIMS, tables=tables, variants=dict(variants), out=folder / "claims.csv",
        settings_out=folder / "settings.csv",
    )  # fmt: skip
    return pd.read_csv(folder / "claims.csv").set_index("id")


def test_the_shipped_claims_hold_the_published_numbers(claims):
    assert published_value(CLAIMS, "strsbp_best_error") == 0.0824
    assert published_value(CLAIMS, "hm2bp_best_error") == 0.0920
    assert published_value(CLAIMS, "corrected_reference_value") == 0.1315
    for claim in claims.values():
        assert claim.place[0] in "IV"
        on_training = bool(claim.rule.arms())
        assert on_training == bool(claim.needs), f"{claim.id} states its size"


def test_a_run_at_the_size_of_the_study_is_judged(tmp_path, measured):
    verdicts = judged(tmp_path, measured, seeds=(1, 2, 3, 4, 5))
    header = "id,place,statement,published,measured,low,high,unit,what,verdict,reason,"
    assert (tmp_path / "claims.csv").read_text().startswith(header)
    assert "not tested at this size" not in set(verdicts["verdict"])
    expected = {
        "strsbp_best_error": "undecided",
        "strsbp_better_after_10": "reproduces",
        "tau_m_32_diverges": "reproduces",
        "tau_m_others_adequate": "reproduces",
        "threshold_8_helps": "reproduces",
        "linear_in_o_i_not_o_j": "partly",
    }
    for name, verdict in expected.items():
        assert verdict == verdicts.loc[name, "verdict"], verdicts.loc[name, "reason"]


def test_p_values_are_corrected_within_a_topic(tmp_path, measured):
    verdicts = judged(tmp_path, measured, seeds=(1, 2, 3))
    family = [claim.id for claim in load_topics(CLAIMS)[0].claims if claim.rule.tests()]
    p_values, adjusted = (verdicts.loc[family, name] for name in ("p_value", "p_adjusted"))
    assert adjusted.min() == pytest.approx(len(family) * p_values.min())
    assert adjusted.max() == pytest.approx(p_values.max()) or adjusted.max() > p_values.max()
    assert (adjusted >= p_values).all()


def test_claims_are_judged_at_other_settings_and_epochs(tmp_path, claims, measured):
    # With the arms of `other`, HM2-BP is better; only these two arms were trained.
    other = {f"other_{name}": ARMS[name] for name in ("strsbp", "hm2bp")}
    other["other_strsbp"] = (*ARMS["strsbp"][:3], 0.13, {})
    arms, seeds = ARMS | other, (1, 2, 3, 4, 5)
    verdicts = judged(tmp_path, measured, [("other", "otherwise")], seeds=seeds, arms=arms)
    views = pd.read_csv(tmp_path / "settings.csv").set_index(["id", "setting", "epoch"])
    found = views["verdict"].xs("strsbp_better_after_10")
    assert found["study"].to_dict() == {"best": "reproduces", "last": "reproduces"}
    assert found["other", "best"] == "does not reproduce"
    said = "otherwise, by the best or last epoch: does not reproduce"
    assert verdicts.loc["strsbp_better_after_10", "other_verdicts"] == said
    # What was not trained at that setting is said not to be tested, and differs from nothing.
    assert views["verdict"]["better_without_recurrence", "other", "best"].startswith("not tested")
    assert "otherwise" not in str(verdicts.loc["better_without_recurrence", "other_verdicts"])
    trained = {name for name, claim in claims.items() if claim.needs}
    assert set(views.index.unique("id")) == trained


def test_a_quick_run_judges_only_the_simulations(tmp_path, claims, measured):
    small = dict(seeds=(1,), n_train=100, n_test=100, shorten=10, diverged=())
    verdicts = judged(tmp_path, measured, **small)
    needs = {name for name, claim in claims.items() if claim.needs}
    untested = verdicts["verdict"] == "not tested at this size"
    assert set(verdicts.index[untested]) == needs
    assert verdicts.loc["strsbp_best_error", "measured"] > 0
    assert "(here 100)" in verdicts.loc["strsbp_best_error", "reason"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("topics: [", "not valid YAML"),
        ("[]", "topics"),
        (topic(CLAIM, CLAIM), "two entries with the id 'a'"),
        (topic(CLAIM | {"weight": 1}), "no such setting"),
        (topic(CLAIM | {"unit": "metres"}), "metres"),
        (topic(CLAIM | {"rule": RULE | {"kind": "eval"}}), "eval"),
        (topic(CLAIM | {"rule": RULE | {"code": "1 + 1"}}), "no such setting"),
        (topic(CLAIM | {"rule": RULE | {"low_in_part": 0.1}}), "no such setting"),
        (topic(CLAIM | {"rule": RULE | {"high": None}}), "give `low`, `high` or both"),
    ],
)
def test_a_malformed_file_is_reported_in_one_sentence(content, said, tmp_path):
    path = write(tmp_path / "claims.yaml", content)
    text = refusal(lambda: load_claims(path), ClaimsError)
    assert said in text and str(path) in text


def test_what_stands_above_holds_below(tmp_path):
    """`given`, `each`, the keys of a rule in its statement, and placeholders."""
    layers = dict(layer=dict(one="first layer", two="second"))
    parts = [
        dict(subject="In the {{ layer }}", each=layers, high=2),
        dict(subject="Elsewhere", table="fits", where=dict(fit="x"), low=0),
    ]
    claims = [
        dict(
            id="a", place="p", statement="{{ where.layer }}, {{ high }}", subject="{{ low }}", low=1
        ),
        dict(id="b", place="p", statement="Both.", unit="number", rules=parts),
    ]
    raw = topic(*claims)
    raw["topics"][0]["given"] = dict(
        unit="error", table="bptt", where=dict(layer="all"), column="mean"
    )
    path = write(tmp_path / "claims.yaml", raw)
    with pytest.raises(ClaimsError, match=r"'{{ where.layer .*' cannot be filled in: 'high' is"):
        load_claims(path, {})
    claims[0]["statement"] = "{{ where.layer }}, {{ low }}"
    one, two = load_claims(write(path, raw), {})
    assert (one.statement, one.unit, one.rule.subject) == ("all, 1", "error", "1")
    parts = [(part.subject, part.table, part.where, part.column) for part in two.rule.rules]
    assert two.unit == "number"
    assert parts == [
        ("In the first layer", "bptt", dict(layer="one"), "mean"),
        ("In the second", "bptt", dict(layer="two"), "mean"),
        ("Elsewhere", "fits", dict(fit="x"), None),
    ]


def test_a_missing_file_or_claim_is_named(tmp_path):
    with pytest.raises(ClaimsError, match="cannot be read: No such file"):
        load_claims(tmp_path / "none.yaml")
    with pytest.raises(ClaimsError, match="no claim 'b' with a published value"):
        published_value(write(tmp_path / "claims.yaml", topic(CLAIM)), "b")


def test_without_an_experiment_its_claims_are_not_tested(tmp_path, measured):
    some = {name: path for name, path in measured.items() if name != "gradient_flow"}
    verdicts = judged(tmp_path, some)
    assert verdicts.loc["bptt_gradients", "verdict"] == "not tested at this size"
    assert "was not measured" in verdicts.loc["bptt_gradients", "reason"]


def test_an_error_in_judging_names_the_claim_and_writes_nothing(tmp_path):
    path = write(tmp_path / "claims.yaml", topic(CLAIM))
    with pytest.raises(ClaimsError, match="Claim 'a'.*was not given"):
        out = dict(out=tmp_path / "claims.csv", settings_out=tmp_path / "settings.csv")
        judge_claims(claims=path, tables={}, **out)
    assert not (tmp_path / "claims.csv").exists()


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0824, "error", "8.24 %"),
        (-0.0096, "points", "−0.96 points"),
        (0.0096, "points", "+0.96 points"),
        (-1e-17, "points", "+0.00 points"),
        (1.0, "share", "100 % of runs"),
        (61.48, "factor", "61.5 ×"),
        (0.13149, "number", "0.1315"),
        (float("nan"), "error", "–"),
        (None, "number", "–"),
    ],
)
def test_values_in_words(value, unit, text):
    assert format_value(value, unit) == text


def test_intervals_in_words():
    assert format_interval(0.08, 0.09, "error") == "[8.00, 9.00]"
    assert format_interval(-0.01, 0.002, "points") == "[−1.00, +0.20]"
    assert format_interval(0, 0.451, "share") == "[0, 45]"
    assert format_interval(float("nan"), 1, "error") == ""
