"""The claims file: its content, mistakes in it, and the csv that follows from it."""

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from refusals import refusal

from strsbp.errors import ClaimsError
from strsbp.settings import ModelSettings
from strsbp.study.claims.entries import load_topics, published_value
from strsbp.study.claims.judging import judge_claims
from strsbp.study.claims.units import format_measured, format_value

CLAIMS = ROOT / "resources" / "claims.yaml"
RULE = dict(kind="within", subject="it", table="arms", where={}, high=1)
CLAIM = dict(id="a", place="p", statement="s", unit="error", rule=RULE)


def topic(*claims):
    return dict(topics=[dict(id="t", title="T", statements=list(claims))])


def write(path, content):
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def claims():
    """The shipped claims by their ids."""
    return {claim.id: claim for topic in load_topics(CLAIMS) for claim in topic.statements}


def test_the_shipped_claims_hold_the_published_numbers(claims):
    assert published_value(CLAIMS, "strsbp_best_error") == 0.0824
    assert published_value(CLAIMS, "hm2bp_best_error") == 0.0920
    assert published_value(CLAIMS, "corrected_reference_value") == 0.1315
    for claim in claims.values():
        assert claim.place[0] in "IV"
        on_training = bool(claim.rule.arms()) or "fits" in {m.table for m in claim.rule.measures()}
        any_size = claim.id in ("a_mistake", "eq_3")  # true of every network
        needs = set(claim.needs) - {"repeats"}
        assert on_training == (any_size or bool(needs)), f"{claim.id} states its size"


def test_a_gradient_vanishes_faster_than_the_membrane_leaks(claims):
    rule = claims["bptt_gradients"].rule.rules[0]
    assert rule.high == pytest.approx((1 - 1 / ModelSettings().tau_m) ** 100, abs=5e-5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("topics: [", "not valid YAML"),
        ("[]", "topics"),
        (topic(CLAIM, CLAIM), "two entries with the id 'a'"),
        (dict(topics=topic(CLAIM)["topics"] * 2), "two entries with the id 't'"),
        (topic(CLAIM | {"weight": 1}), "no such setting"),
        (topic(CLAIM | {"unit": "metres"}), "metres"),
        (topic(CLAIM | {"rule": RULE | {"kind": "eval"}}), "eval"),
        (topic(CLAIM | {"rule": RULE | {"code": "1 + 1"}}), "no such setting"),
        (topic(CLAIM | {"rule": RULE | {"high": None}}), "give `low`, `high` or both"),
    ],
)
def test_a_malformed_file_is_reported_in_one_sentence(content, said, tmp_path):
    path = write(tmp_path / "claims.yaml", content)
    text = refusal(lambda: load_topics(path), ClaimsError)
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
        load_topics(path, {})
    claims[0]["statement"] = "{{ where.layer }}, {{ low }}"
    one, two = load_topics(write(path, raw), {})[0].statements
    assert (one.statement, one.unit, one.rule.subject) == ("all, 1", "error", "1")
    parts = [(part.subject, part.table, part.where, part.column) for part in two.rule.rules]
    assert two.unit == "number"
    assert parts == [
        ("In the first layer", "bptt", dict(layer="one"), "mean"),
        ("In the second", "bptt", dict(layer="two"), "mean"),
        ("Elsewhere", "fits", dict(fit="x"), None),
    ]


def test_an_error_in_judging_names_the_claim_and_writes_nothing(tmp_path):
    path = write(tmp_path / "claims.yaml", topic(CLAIM))
    with pytest.raises(ClaimsError, match="Claim 'a'.*was not given"):
        out = dict(out=tmp_path / "claims.csv", settings_out=tmp_path / "settings.csv")
        judge_claims(claims=path, tables={}, **out)
    assert not (tmp_path / "claims.csv").exists()


def test_sizes_are_those_of_the_value_shown_and_equal_epochs_are_left_out(tmp_path):
    """The arm is better by the best epoch, not by the last; the simulation has neither."""
    arms = [
        dict(
            arm=arm, at_epoch=10, quantity=f"{quantity}_test_error", mean=mean, n_train=1000,
            n_seeds=5, dataset="mnist",
        )
        for arm, means in (("a", (0.1, 0.3)), ("logged_a", (0.3, 0.3)))
        for quantity, mean in zip(("best", "last"), means, strict=True)
    ]  # fmt: skip
    tables = dict(arms=arms, surfaces=[dict(o_i=1, mean=5, repeats=200)])
    paths = {name: tmp_path / f"{name}.csv" for name in tables}
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(paths[name], index=False)
    of_arm = dict(subject="E", table="arms", high=0.2)
    of_arm["where"] = dict(arm="a", at_epoch=10, quantity="best_test_error")
    simulated = dict(subject="S", table="surfaces", where=dict(o_i=1), high=9)
    claims = topic(
        dict(
            id="either",
            place="p",
            statement="s",
            rule=dict(kind="all_of", rules=[simulated, of_arm]),
        ),
        dict(id="simulated", place="p", statement="s", rule=simulated),
        dict(id="arm", place="p", statement="s", rule=of_arm),
    )
    out = dict(out=tmp_path / "claims.csv", settings_out=tmp_path / "settings.csv")
    path, variants = write(tmp_path / "claims.yaml", claims), dict(logged="as logged")
    judge_claims(claims=path, tables=paths, variants=variants, **out)
    judged = pd.read_csv(out["out"], index_col="id")
    assert judged.loc["either", ["measured", "repeats"]].tolist() == [5, 200]
    assert judged.loc[["either", "simulated"], ["n_train", "n_seeds"]].isna().all(axis=None)
    assert judged.loc["arm", ["n_train", "n_seeds"]].tolist() == [1000, 5]
    said = "judged by the last epoch, it does not reproduce; as logged, it does not reproduce"
    assert judged["other_verdicts"].fillna("")[["arm", "simulated"]].tolist() == [said, ""]
    found = pd.read_csv(out["settings_out"])
    views = found.loc[found["id"] == "arm", ["setting", "epoch"]].agg(" ".join, axis=1)
    assert views.tolist() == ["study best", "study last", "logged best"]


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
    assert format_measured(0.0824, 0.08, 0.09, "error") == "8.24 % [8.00, 9.00]"
    assert format_measured(0, -0.01, 0.002, "points") == "+0.00 points [−1.00, +0.20]"
    assert format_measured(0.2, 0, 0.451, "share") == "20 % of runs [0, 45]"
    assert format_measured(0.0824, float("nan"), 1, "error") == "8.24 %"
