"""Open questions: the file is checked, and statements are judged from measured files."""

import pandas as pd
import pytest
import yaml
from conftest import ROOT

from strsbp.errors import ClaimsError
from strsbp.study.claims.judging import judge_questions
from strsbp.study.loading import load_profile


def statement(layer, low, needs=None):
    measure = dict(table="gradient_check", where=dict(layer=layer))
    one = dict(statement="It points the right way.", subject="The cosine", low=low, **measure)
    if needs is not None:
        one["needs"] = dict(n_train=needs)
    return one


def asked(*statements):
    return dict(topics=[dict(id="Q1", title="Which way?", statements=statements)])


@pytest.fixture
def judged(tmp_path):
    row = dict(layer="output3", mean=0.5, low=0.4, high=0.6, p_value=0.03, n_train=30)
    rows = [row, row | dict(layer="output4", p_value=0.04)]
    pd.DataFrame(rows).to_csv(tmp_path / "gradient_check.csv", index=False)

    def judge(raw):
        path = tmp_path / "questions.yaml"
        path.write_text(yaml.safe_dump(raw))
        judge_questions(
            questions=path,
            tables={"gradient_check": tmp_path / "gradient_check.csv"},
            out=tmp_path / "answers.csv",
            study=load_profile(ROOT / "config", "quick"),
        )
        return pd.read_csv(tmp_path / "answers.csv")

    return judge


def test_statements_are_judged_from_the_tables(judged):
    frame = judged(
        asked(
            statement("output3", 0.3), statement("output3", 0.7), statement("hidden", 0),
            statement("output3", 0.3, needs=100), statement("output3", 0.3, needs=30),
        )
    )  # fmt: skip
    assert list(frame["verdict"]) == [
        "yes", "no", "not answered at this size", "not answered at this size", "yes",
    ]  # fmt: skip
    assert "[0.4, 0.6]" in frame["reason"][0]
    assert frame["reason"][3].startswith(
        "Needs 100 training images (here 30). For what it is worth: The"
    )


def test_measured_differences_of_a_question_share_holms_correction(judged):
    measure = dict(table="gradient_check", statement="It is positive.", subject="It", above=0)
    strict = [measure | dict(where=dict(layer=layer)) for layer in ("output3", "output4")]
    alone, both = judged(asked(strict[0])), judged(asked(*strict, statement("output4", 0.3)))
    assert list(alone["verdict"]) == ["yes"] and list(alone["p_adjusted"]) == [0.03]
    assert list(both["verdict"]) == ["undecided", "undecided", "yes"]
    assert list(both["p_adjusted"][:2]) == [0.06, 0.06]


def test_a_selection_that_does_not_fit_names_the_question(judged):
    wrong = statement("output3", 0)
    wrong["column"] = "median"
    with pytest.raises(ClaimsError, match="Question Q1: .*'median'"):
        judged(asked(wrong))
