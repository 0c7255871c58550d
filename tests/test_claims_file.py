"""The claims file: its content, mistakes in it, and the csv that follows from it."""

from pathlib import Path

import pytest
import yaml
from refusals import refusal

from strsbp.errors import ClaimsError
from strsbp.study.claims import judge_claims, load_claims, published_value
from strsbp.study.claims.units import format_interval, format_value

CLAIMS = Path(__file__).resolve().parents[1] / "resources" / "claims.yaml"
RULE = dict(
    kind="within", subject="it", measure=dict(table="arms", where={}, column="mean"), high=1
)
CLAIM = dict(id="a", place="p", statement="s", unit="error", rule=RULE)


def write(path, content):
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def claims():
    """The shipped claims by their ids."""
    return {claim.id: claim for claim in load_claims(CLAIMS)}


def test_the_shipped_claims_hold_the_published_numbers(claims):
    assert published_value(CLAIMS, "strsbp_best_error") == 0.0824
    assert published_value(CLAIMS, "hm2bp_best_error") == 0.0920
    assert published_value(CLAIMS, "corrected_reference_value") == 0.1315
    for claim in claims.values():
        assert claim.place[0] in "IV"
        on_training = bool(claim.rule.arms())
        assert on_training == (claim.needs is not None), f"{claim.id} states its size"
        assert bool(claim.rule.tests()) == bool(claim.family), f"{claim.id} names its family"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("claims: [", "not valid YAML"),
        ("[]", "claims"),
        ({"claims": [CLAIM, CLAIM]}, "two entries with the id 'a'"),
        ({"claims": [CLAIM | {"weight": 1}]}, "no such setting"),
        ({"claims": [CLAIM | {"unit": "metres"}]}, "metres"),
        ({"claims": [CLAIM | {"rule": RULE | {"kind": "eval"}}]}, "eval"),
        ({"claims": [CLAIM | {"rule": RULE | {"code": "1 + 1"}}]}, "no such setting"),
        ({"claims": [CLAIM | {"rule": RULE | {"low_in_part": 0.1}}]}, "no such setting"),
        ({"claims": [CLAIM | {"rule": RULE | {"high": None}}]}, "give `low`, `high` or both"),
    ],
)
def test_a_malformed_file_is_reported_in_one_sentence(content, said, tmp_path):
    path = write(tmp_path / "claims.yaml", content)
    text = refusal(lambda: load_claims(path), ClaimsError)
    assert said in text and str(path) in text


def test_an_error_in_judging_names_the_claim_and_writes_nothing(tmp_path):
    path = write(tmp_path / "claims.yaml", {"claims": [CLAIM]})
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
