"""Every kind of rule, and every verdict that it can give."""

import numpy as np
import pandas as pd
import pytest

from strsbp.errors import ClaimsError
from strsbp.study.claims.judging import Claim, judge
from strsbp.study.claims.measurements import Tables
from strsbp.study.claims.rules import Verdict

YES, PART, NO, UNTESTED = Verdict
NAN = np.nan


def arm_row(arm, mean, *, low=NAN, high=NAN, at_epoch=10, n_diverged=0, **sizes):
    sizes = dict(dataset="mnist", n_train=10_000, n_test=10_000, n_seeds=3) | sizes
    quantity = "best_test_error"
    return dict(
        arm=arm, at_epoch=at_epoch, quantity=quantity, mean=mean, low=low, high=high,
        n_diverged=n_diverged, **sizes,
    )  # fmt: skip


def pair_row(a, b, difference, low=NAN, high=NAN, *, n_pairs=3, diverged=(0, 0), at_epoch=10):
    return dict(
        arm_a=a, arm_b=b, at_epoch=at_epoch, quantity="best_test_error", difference=difference,
        low=low, high=high, p_value=NAN, n_pairs=n_pairs, n_diverged_a=diverged[0],
        n_diverged_b=diverged[1],
    )  # fmt: skip


def run_row(arm, last_test_error, diverged=None):
    return dict(arm=arm, last_test_error=last_test_error, diverged=diverged)


ARMS = [arm_row("a", 0.08, low=0.07, high=0.10), arm_row("b", 0.09), arm_row("c", 0.2)]
ERROR = dict(table="arms", where=dict(arm="a", at_epoch=10), column="mean")


def error_of(arm):
    return ERROR | dict(where=dict(arm=arm, at_epoch=10))


@pytest.fixture
def verdict_of(tmp_path):
    """Function that judges a rule by given rows of tables."""

    def judged(rule, *, published=None, unit="error", needs=None, **rows):
        paths = {}
        for name, content in ({"arms": ARMS} | rows).items():
            paths[name] = tmp_path / f"{name}.csv"
            pd.DataFrame(content).to_csv(paths[name], index=False)
        claim = Claim.model_validate(
            dict(id="x", place="p", statement="s", published=published, unit=unit, rule=rule)
            | (dict(needs=needs) if needs else {})
        )
        return judge(claim, Tables(paths))

    return judged


@pytest.mark.parametrize(
    ("published", "verdict", "said"),
    [
        (0.081, YES, "within 0.50 points"),
        (0.095, YES, "lies in the 95 % interval"),
        (0.105, NO, "more than 1.00 points"),
        (0.069, NO, "more than 1.00 points"),
    ],
)
def test_value_near(published, verdict, said, verdict_of):
    rule = dict(kind="value_near", measure=ERROR, tolerance=0.005, tolerance_in_part=0.01)
    judged = verdict_of(rule, published=published)
    assert judged.verdict is verdict and said in judged.reason
    assert (judged.measured, judged.low, judged.high) == (0.08, 0.07, 0.10)


def test_value_near_in_part_and_at_the_tolerance(verdict_of):
    rule = dict(kind="value_near", measure=error_of("b"), tolerance=0.005, tolerance_in_part=0.01)
    assert verdict_of(rule, published=0.098).verdict is PART
    rule |= dict(measure=error_of("c"), tolerance=0.25, tolerance_in_part=0.25)
    assert verdict_of(rule, published=0.45).verdict is YES


def test_value_near_uses_the_standard_error(verdict_of):
    rule = dict(
        kind="value_near", tolerance=0.001, tolerance_in_part=0.002,
        measure=dict(table="surfaces", where=dict(o_i=30), column="mean"),
    )  # fmt: skip
    surfaces = [dict(o_i=30, mean=0.13, standard_error=0.005)]
    judged = verdict_of(rule, published=0.139, unit="number", surfaces=surfaces)
    assert judged.verdict is YES and "interval" in judged.reason
    assert (judged.low, judged.high) == pytest.approx((0.13 - 0.0098, 0.13 + 0.0098))


BOUNDS = dict(low=0.1, high=0.3, low_in_part=0.05, high_in_part=0.5)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.0499, NO), (0.05, PART), (0.0999, PART), (0.1, YES), (0.3, YES), (0.3001, PART),
     (0.5, PART), (0.5001, NO)],
)  # fmt: skip
def test_within(value, verdict, verdict_of):
    rule = dict(kind="within", subject="it", measure=error_of("d"), **BOUNDS)
    assert verdict_of(rule, arms=[arm_row("d", value)]).verdict is verdict


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [(dict(low=2), YES), (dict(low=3, low_in_part=2), PART), (dict(low=3), NO), (dict(high=2), NO)],
)
def test_ratio(bounds, verdict, verdict_of):
    rule = dict(kind="ratio", subject="it", numerator=error_of("c"), denominator=ERROR, **bounds)
    judged = verdict_of(rule, unit="factor")
    assert judged.verdict is verdict and judged.measured == pytest.approx(2.5)


def test_ratio_to_zero_is_not_tested(verdict_of):
    rule = dict(kind="ratio", subject="it", numerator=ERROR, denominator=error_of("d"), low=1)
    assert verdict_of(rule, arms=[*ARMS, arm_row("d", 0.0)]).verdict is UNTESTED


@pytest.mark.parametrize(
    ("order", "verdict"), [("abc", YES), ("bac", PART), ("cab", NO), ("aa", NO)]
)
def test_ordered(order, verdict, verdict_of):
    rule = dict(
        kind="ordered", subject="it", direction="increasing",
        measures_in_order=[error_of(arm) for arm in order],
    )  # fmt: skip
    assert verdict_of(rule).verdict is verdict


BETTER = dict(kind="paired_better", better="a", worse="b", at_epoch=10)


@pytest.mark.parametrize(
    ("row", "verdict", "said"),
    [
        (pair_row("a", "b", -0.01, -0.015, -0.005), YES, "excludes 0"),
        (pair_row("b", "a", 0.01, 0.005, 0.015), YES, "a minus b is −1.00 points [−1.50, −0.50]"),
        (pair_row("a", "b", -0.01, -0.03, 0.01), PART, "Undecided"),
        (pair_row("a", "b", 0.01, -0.01, 0.03), PART, "Undecided"),
        (pair_row("a", "b", -0.01, -0.02, 0), PART, "Undecided"),
        (pair_row("a", "b", 0.01, 0, 0.02), PART, "Undecided"),
        (pair_row("a", "b", -0.01, n_pairs=1), PART, "no interval"),
        (pair_row("a", "b", 0.01, 0.005, 0.015), NO, "in the opposite direction"),
        (pair_row("b", "a", -0.01, -0.015, -0.005), NO, "in the opposite direction"),
        (pair_row("a", "b", -0.01, -0.015, -0.005, diverged=(1, 0)), PART, "runs of a diverged"),
        (pair_row("a", "b", -0.01, -0.015, -0.005, diverged=(0, 1)), YES, "are excluded"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(0, 3)), YES, "Every run of b diverged"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(3, 0)), NO, "Every run of a diverged"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(2, 2)), PART, "No seed is left"),
        (pair_row("a", "c", -0.01, -0.015, -0.005), UNTESTED, "not measured"),
    ],
)
def test_paired_better(row, verdict, said, verdict_of):
    judged = verdict_of(BETTER, unit="points", pairs=[row])
    assert judged.verdict is verdict and said in judged.reason


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        # worst to best: c, b, a
        ([("c", "b", 0.01, 0.005, 0.015), ("b", "a", 0.01, -0.01, 0.03),
          ("c", "a", 0.02, 0.01, 0.03)], YES),
        ([("c", "b", -0.01, -0.015, -0.005), ("b", "a", 0.03, 0.02, 0.04),
          ("c", "a", 0.02, 0.01, 0.03)], PART),
        ([("c", "b", 0.01, 0.005, 0.015), ("b", "a", 0.01, -0.01, 0.03),
          ("c", "a", 0.02, -0.01, 0.05)], PART),
        ([("c", "b", -0.01, -0.015, -0.005), ("b", "a", -0.01, -0.015, -0.005),
          ("c", "a", -0.02, -0.03, -0.01)], NO),
        ([("c", "a", 0.02, 0.01, 0.03)], UNTESTED),
    ],
)  # fmt: skip
def test_paired_trend(rows, verdict, verdict_of):
    rule = dict(kind="paired_trend", arms_worst_to_best=["c", "b", "a"], at_epoch=10)
    judged = verdict_of(rule, unit="points", pairs=[pair_row(*row) for row in rows])
    assert judged.verdict is verdict


@pytest.mark.parametrize(
    ("row", "verdict", "said"),
    [
        (pair_row("a", "b", 0.02, 0.01, 0.03), YES, "excludes 0"),
        (pair_row("a", "b", -0.02, -0.03, -0.01), YES, "excludes 0"),
        (pair_row("a", "b", 0.001, -0.001, 0.003), NO, "counts as equal"),
        (pair_row("a", "b", 0.002, 0.001, 0.003), NO, "counts as equal"),
        (pair_row("a", "b", 0, -0.005, 0.005), NO, "counts as equal"),
        (pair_row("a", "b", 0, -0.0051, 0.005), PART, "Undecided"),
        (pair_row("a", "b", 0, -0.005, 0.0051), PART, "Undecided"),
        (pair_row("a", "b", 0.01, 0, 0.02), PART, "Undecided"),
        (pair_row("a", "b", 0.01, -0.01, 0.03), PART, "Undecided"),
        (pair_row("a", "b", 0.01, n_pairs=1), PART, "Undecided"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(3, 0)), YES, "Every run of a diverged"),
        (pair_row("a", "c", 0.02, 0.01, 0.03), UNTESTED, "not measured"),
    ],
)
def test_paired_differs(row, verdict, said, verdict_of):
    rule = dict(kind="paired_differs", arm_a="a", arm_b="b", at_epoch=10, margin=0.005)
    judged = verdict_of(rule, unit="points", pairs=[row])
    assert judged.verdict is verdict and said in judged.reason


@pytest.mark.parametrize(
    ("runs", "expected", "verdict", "share"),
    [
        ([(0.9, None), (0.1, "output3")], True, YES, 1.0),
        ([(0.9, None), (0.1, None)], True, PART, 0.5),
        ([(0.5, None), (0.1, None)], True, NO, 0.0),
        ([(0.5, None), (0.1, None)], False, YES, 0.0),
        ([(0.9, None), (0.1, None)], False, PART, 0.5),
        ([(0.9, None), (NAN, "output3")], False, NO, 1.0),
    ],
)
def test_diverges(runs, expected, verdict, share, verdict_of):
    rule = dict(kind="diverges", arm="a", at_epoch=10, error_above=0.5, expected=expected)
    rows = [run_row("a", *run) for run in runs] + [run_row("b", 0.9)]
    judged = verdict_of(rule, unit="share", runs=rows)
    assert judged.verdict is verdict and judged.measured == share


def test_diverges_without_runs(verdict_of):
    rule = dict(kind="diverges", arm="a", at_epoch=10, error_above=0.5)
    assert verdict_of(rule, runs=[run_row("b", 0.9)]).verdict is UNTESTED


# The error of arm a, 0.08, gives each of these verdicts.
RULES = {
    verdict: dict(kind="within", subject="it", measure=measure, **bounds)
    for verdict, measure, bounds in [
        (YES, ERROR, dict(high=0.1)),
        (PART, ERROR, dict(high=0.07, high_in_part=0.1)),
        (NO, ERROR, dict(high=0.07)),
        (UNTESTED, error_of("missing"), dict(high=0.1)),
    ]
}


@pytest.mark.parametrize(
    ("kind", "parts", "verdict"),
    [
        ("all_of", [YES, YES], YES),
        ("all_of", [YES, PART], PART),
        ("all_of", [YES, NO], PART),
        ("all_of", [PART, NO], PART),
        ("all_of", [NO, NO], NO),
        ("all_of", [YES, UNTESTED], UNTESTED),
        ("any_of", [NO, YES], YES),
        ("any_of", [NO, PART], PART),
        ("any_of", [NO, NO], NO),
        ("any_of", [YES, UNTESTED], YES),
        ("any_of", [NO, UNTESTED], UNTESTED),
        ("any_of", [UNTESTED, UNTESTED], UNTESTED),
    ],
)
def test_combinations(kind, parts, verdict, verdict_of):
    judged = verdict_of(dict(kind=kind, rules=[RULES[part] for part in parts]))
    assert judged.verdict is verdict
    if set(parts) != {UNTESTED}:
        assert judged.measured == 0.08


NEEDS = dict(n_train=10_000, n_test=10_000, epochs=10, n_seeds=3)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (dict(n_train=250), "10,000 training images (here 250)"),
        (dict(n_test=250), "10,000 test images (here 250)"),
        (dict(at_epoch=3), "10 epochs (here 3)"),
        (dict(n_seeds=2), "3 seeds (here 2)"),
        (dict(dataset="fashion-mnist"), "the data set mnist (here fashion-mnist)"),
    ],
)
def test_a_run_that_is_too_small_is_shown_but_not_judged(sizes, said, verdict_of):
    judged = verdict_of(RULES[YES], needs=NEEDS, arms=[arm_row("a", 0.08, **sizes)])
    assert judged.verdict is UNTESTED and judged.measured == 0.08
    assert said in judged.reason and "it is 8.00 %" in judged.reason


def test_large_enough_runs_are_judged_and_diverged_seeds_count(verdict_of):
    rows = [arm_row("a", 0.08, n_seeds=2, n_diverged=1, n_train=60_000, at_epoch=20)]
    rows += [arm_row("a", 0.08, n_seeds=2, n_diverged=1, n_train=60_000, at_epoch=10)]
    assert verdict_of(RULES[YES], needs=NEEDS, arms=rows).verdict is YES


def test_every_arm_must_be_large_enough(verdict_of):
    pair = pair_row("a", "b", -0.01, -0.015, -0.005)
    arms = [arm_row("a", 0.08), arm_row("b", 0.09, n_train=100)]
    judged = verdict_of(BETTER, unit="points", needs=NEEDS, arms=arms, pairs=[pair])
    assert judged.verdict is UNTESTED and judged.measured == -0.01


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (ERROR | dict(where={"neuron": 1}), "not a column of 'arms'"),
        (ERROR | dict(column="median"), "not a column of 'arms'"),
        (ERROR | dict(column="dataset"), "not a finite number"),
        (ERROR | dict(where={"at_epoch": 10}), "matches 3 rows"),
        (ERROR | dict(table="quality"), "not given"),
    ],
)
def test_a_measure_that_does_not_fit_the_files_is_an_error(measure, said, verdict_of):
    rule = dict(kind="within", subject="it", measure=measure, high=1)
    with pytest.raises(ClaimsError, match=said):
        verdict_of(rule)


@pytest.mark.parametrize(
    ("mean", "low", "high", "side", "expected", "words"),
    [
        (0.3, 0.1, 0.5, "above", YES, "is 0.3 [0.1, 0.5]: above 0."),
        (0.3, -0.1, 0.5, "above", PART, "It is 0.3 [−0.1, 0.5], and the interval includes 0."),
        (-0.3, -0.5, -0.1, "above", NO, "not above 0."),
        (0.0, 0.0, 0.0, "above", NO, "not above 0."),
        (-0.3, -0.5, -0.1, "below", YES, "below 0."),
        (0.3, 0.1, 0.5, "below", NO, "not below 0."),
        (-0.3, -0.5, 0.1, "below", PART, "the interval includes 0."),
        (0.3, NAN, NAN, "above", PART, "without an interval"),
        (NAN, NAN, NAN, "above", UNTESTED, "It was not measured."),
    ],
)
def test_exceeds_requires_the_whole_interval(verdict_of, mean, low, high, side, expected, words):
    rows = [dict(layer="output3", mean=mean, low=low, high=high)]
    measure = dict(table="gradient_check", where=dict(layer="output3"), column="mean")
    rule = dict(kind="exceeds", subject="It", side=side, measure=measure)
    found = verdict_of(rule, unit="number", gradient_check=rows)
    assert found.verdict is expected
    assert words in found.reason


def test_exceeds_takes_another_bound(verdict_of):
    rows = [dict(layer="output3", mean=0.3, low=0.1, high=0.5)]
    measure = dict(table="gradient_check", where=dict(layer="output3"), column="mean")
    for bound, expected in ((0.05, YES), (0.2, PART), (0.5, NO)):
        rule = dict(kind="exceeds", subject="It", bound=bound, measure=measure)
        assert verdict_of(rule, unit="number", gradient_check=rows).verdict is expected
