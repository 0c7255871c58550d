"""Every kind of rule, and every verdict that it can give."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from strsbp.errors import ClaimsError
from strsbp.study.claims.entries import Statement
from strsbp.study.claims.judging import judge
from strsbp.study.claims.measurements import Border, Measure, Measured, Pair, Tables
from strsbp.study.claims.rules import Context, Verdict
from strsbp.study.summary.intervals import mean_interval, p_beyond

YES, PART, NO, OPEN, UNTESTED = Verdict
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


def run_row(arm, seed, last_test_error, diverged=None):
    return dict(arm=arm, seed=seed, last_test_error=last_test_error, diverged=diverged)


ARMS = [arm_row("a", 0.08, low=0.07, high=0.10), arm_row("b", 0.09), arm_row("c", 0.2)]
ERROR = dict(table="arms", where=dict(arm="a", at_epoch=10), column="mean")


def error_of(arm):
    return ERROR | dict(where=dict(arm=arm, at_epoch=10))


@pytest.fixture
def verdict_of(tmp_path):
    """Function that judges a rule by given rows of tables."""

    def judged(rule, *, published=None, unit="error", needs=None, adjusted=None, **rows):
        paths = {}
        for name, content in ({"arms": ARMS} | rows).items():
            paths[name] = tmp_path / f"{name}.csv"
            pd.DataFrame(content).to_csv(paths[name], index=False)
        checked = Statement(statement="s", rule=rule)
        return judge(checked.rule, needs, Context(Tables(paths), published, unit, adjusted or {}))

    return judged


@pytest.mark.parametrize(
    ("published", "verdict", "said"),
    [
        (0.081, YES, "it is 8.00 % [7.00, 10.00]: at least 6.10 % and at most 10.10 %"),
        (0.095, OPEN, "the interval includes the limit of 7.50 %."),
        (0.069, OPEN, "the interval includes the limit of 8.90 %."),
        (0.121, NO, "10.00]: below the required 10.10 %."),
        (0.049, NO, "10.00]: above the limit of 6.90 %."),
    ],
)
def test_tolerance(published, verdict, said, verdict_of):
    rule = dict(kind="within", subject="it", **ERROR, tolerance=0.02)
    judged = verdict_of(rule, published=published)
    assert judged.verdict is verdict and said in judged.reason
    assert judged[2:5] == (0.08, 0.07, 0.10)


@pytest.mark.parametrize(
    ("published", "verdict"), [(0.041, YES), (0.119, YES), (0.039, NO), (0.121, NO)]
)
def test_a_published_single_run(published, verdict, verdict_of):
    """Half the interval is 0.02 and there are 3 seeds, so half the other is 0.02 sqrt(1 + 3)."""
    row = arm_row("d", 0.08, low=0.06, high=0.1)
    rule = dict(kind="single_run", subject="it", **error_of("d"))
    judged = verdict_of(rule, arms=[row], published=published)
    assert judged.verdict is verdict and "one more run would lie from 4.00 % to" in judged.reason
    alone = verdict_of(rule, arms=[arm_row("d", 0.08)], published=published)
    assert alone.verdict is OPEN


def test_the_standard_error_gives_an_interval(verdict_of):
    rule = dict(kind="within", subject="it", tolerance=0.015, table="surfaces", where=dict(o_i=30))
    surfaces = [dict(o_i=30, mean=0.13, standard_error=0.005)]
    judged = verdict_of(rule, published=0.139, unit="number", surfaces=surfaces)
    assert judged.verdict is OPEN and "interval" in judged.reason
    assert (judged.low, judged.high) == pytest.approx((0.13 - 0.0098, 0.13 + 0.0098))


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (arm_row("d", 0.0999), NO), (arm_row("d", 0.1), YES), (arm_row("d", 0.3), YES),
        (arm_row("d", 0.3001), NO), (arm_row("d", 0.2, low=0.1, high=0.3), YES),
        (arm_row("d", 0.2, low=0.09, high=0.3), OPEN), (arm_row("d", 0.4, low=0.3, high=0.5), OPEN),
        (arm_row("d", 0.4, low=0.31, high=0.5), NO), (arm_row("d", 0.05, low=0, high=0.09), NO),
    ],
)  # fmt: skip
def test_within(row, verdict, verdict_of):
    rule = dict(kind="within", subject="it", **error_of("d"), low=0.1, high=0.3)
    assert verdict_of(rule, arms=[row]).verdict is verdict


@pytest.mark.parametrize(
    ("bounds", "verdict"), [(dict(low=2), YES), (dict(low=3), NO), (dict(high=2), NO)]
)
def test_ratio(bounds, verdict, verdict_of):
    rule = dict(kind="within", subject="it", **error_of("c"), over=dict(arm="a"), **bounds)
    judged = verdict_of(rule, unit="factor")
    assert judged.verdict is verdict and judged.measured == pytest.approx(2.5)


def test_the_interval_of_a_quotient():
    """That of two independent means covers the true quotient about as often as it says."""
    means, spreads = np.array([3, 2]), np.array([0.2, 0.1])
    draws = np.random.default_rng(1).normal(means, spreads, (2000, 2))
    ends = np.stack([draws, draws - 1.96 * spreads, draws + 1.96 * spreads], axis=2)
    quotients = [Measured(*above).over(Measured(*below)) for above, below in ends]
    assert np.mean([one.low <= 1.5 <= one.high for one in quotients]) == pytest.approx(
        0.95, abs=0.01
    )
    for bare in (Measured(3), Measured(-3, -4, -2)):
        assert np.isnan(bare.over(Measured(2, 1.8, 2.2)).low)


@pytest.mark.parametrize(
    ("order", "verdict", "said"),
    [
        ("bcd", YES, "9.00 %, 20.00 %, 30.00 %; increasing at every step"),
        ("cbd", PART, "not increasing from 20.00 % to 9.00 %."),
        ("dcb", NO, "not increasing from 30.00 % to 20.00 %, not"),
        ("bb", NO, "not increasing"),
        ("ab", OPEN, "undecided from 8.00 % to 9.00 %"),
        ("da", NO, "30.00 %, 8.00 % ["),
        ("abc", OPEN, "undecided from 8.00 %"),
        ("bac", OPEN, "undecided from 9.00 %"),
    ],
)
def test_ordered(order, verdict, said, verdict_of):
    rule = dict(
        kind="ordered", subject="it", direction="increasing", **ERROR,
        along=[dict(arm=arm) for arm in order],
    )  # fmt: skip
    judged = verdict_of(rule, arms=[*ARMS, arm_row("d", 0.3)])
    assert judged.verdict is verdict and said in judged.reason


BETTER = dict(kind="paired_better", worst_to_best=["b", "a"], at_epoch=10)


@pytest.mark.parametrize(
    ("row", "verdict", "said"),
    [
        (pair_row("a", "b", -0.01, -0.015, -0.005), YES, "excludes 0"),
        (pair_row("b", "a", 0.01, 0.005, 0.015), YES, "a minus b is −1.00 points [−1.50, −0.50]"),
        (pair_row("a", "b", -0.01, -0.03, 0.01), OPEN, "includes 0"),
        (pair_row("a", "b", -0.01, -0.02, 0), OPEN, "includes 0"),
        (pair_row("a", "b", -0.01, n_pairs=1), OPEN, "no interval"),
        (pair_row("a", "b", 0.01, 0.005, 0.015), NO, "in the opposite direction"),
        (pair_row("a", "b", -0.01, -0.015, -0.005, diverged=(1, 0)), PART, "runs of a diverged"),
        (pair_row("a", "b", -0.01, -0.015, -0.005, diverged=(0, 1)), YES, "are excluded"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(0, 3)), YES, "Every run of b diverged"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(3, 0)), NO, "Every run of a diverged"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(2, 2)), OPEN, "No seed is left"),
        (pair_row("a", "c", -0.01, -0.015, -0.005), UNTESTED, "not measured"),
    ],
)
def test_paired_better(row, verdict, said, verdict_of):
    judged = verdict_of(BETTER, unit="points", pairs=[row])
    assert judged.verdict is verdict and said in judged.reason


DIFFERS = dict(kind="paired_differs", between=["b", "a"], margin=0.001)


@pytest.mark.parametrize(
    ("rule", "corrected", "verdict", "said"),
    [
        (BETTER, 0.04, YES, "p = 0.02, with Holm's correction for 2 tests 0.04): the interval"),
        (BETTER, 0.06, OPEN, "p after correction is at least 0.05"),
        (DIFFERS, 0.04, YES, "b minus a"),
        (DIFFERS, 0.06, OPEN, "p after"),
    ],
)
def test_the_corrected_p_decides(rule, corrected, verdict, said, verdict_of):
    row = pair_row("a", "b", -0.01, -0.015, -0.005) | dict(p_value=0.02)
    margin = rule.get("margin", 0)
    tested = Pair("a", "b", 10, "best_test_error", margin)
    adjusted = {tested: corrected, Pair("a", "c", 10, "x"): 0.5}
    judged = verdict_of(rule | dict(at_epoch=10), unit="points", pairs=[row], adjusted=adjusted)
    assert judged.verdict is verdict and said in judged.reason
    # Of three pairs, at 0.009 / 0.005 times the 4.303 standard errors to the interval's end.
    p_value = 0.01627 if margin else 0.02
    assert (judged.p_value, judged.p_adjusted) == (pytest.approx(p_value, rel=1e-3), corrected)


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        # worst to best: c, b, a
        ([("c", "b", 0.01, 0.005, 0.015), ("b", "a", 0.01, -0.01, 0.03),
          ("c", "a", 0.02, 0.01, 0.03)], YES),
        ([("c", "b", -0.01, -0.015, -0.005), ("b", "a", 0.03, 0.02, 0.04),
          ("c", "a", 0.02, 0.01, 0.03)], PART),
        ([("c", "b", 0.01, 0.005, 0.015), ("b", "a", 0.01, -0.01, 0.03),
          ("c", "a", 0.02, -0.01, 0.05)], OPEN),
        ([("c", "b", -0.01, -0.015, -0.005), ("b", "a", -0.01, -0.015, -0.005),
          ("c", "a", -0.02, -0.03, -0.01)], NO),
        ([("c", "a", 0.02, 0.01, 0.03)], UNTESTED),
    ],
)  # fmt: skip
def test_paired_trend(rows, verdict, verdict_of):
    rule = BETTER | dict(worst_to_best=["c", "b", "a"])
    judged = verdict_of(rule, unit="points", pairs=[pair_row(*row) for row in rows])
    assert judged.verdict is verdict


@pytest.mark.parametrize(
    ("row", "verdict", "said"),
    [
        (pair_row("a", "b", 0.02, 0.01, 0.03), YES, "lies beyond"),
        (pair_row("a", "b", -0.02, -0.03, -0.01), YES, "lies beyond"),
        (pair_row("a", "b", -0.006, -0.008, -0.004), OPEN, "includes 0.50 points"),
        (pair_row("a", "b", 0.002, 0.001, 0.003), NO, "counts as equal"),
        (pair_row("a", "b", 0, -0.005, 0.005), NO, "counts as equal"),
        (pair_row("a", "b", 0, -0.0051, 0.005), OPEN, "includes 0"),
        (pair_row("a", "b", 0, -0.005, 0.0051), OPEN, "includes 0"),
        (pair_row("a", "b", 0.01, 0, 0.02), OPEN, "includes 0"),
        (pair_row("a", "b", 0.01, n_pairs=1), OPEN, "no interval"),
        (pair_row("a", "b", NAN, n_pairs=0, diverged=(3, 0)), YES, "Every run of a diverged"),
        (pair_row("a", "c", 0.02, 0.01, 0.03), UNTESTED, "not measured"),
    ],
)
def test_paired_differs(row, verdict, said, verdict_of):
    rule = dict(kind="paired_differs", between=["a", "b"], at_epoch=10, margin=0.005)
    judged = verdict_of(rule, unit="points", pairs=[row])
    assert judged.verdict is verdict and said in judged.reason


FINE, HIGH, LOST = (0.1, None), (0.9, None), (NAN, "output3")


@pytest.mark.parametrize(
    ("runs", "expected", "verdict", "said"),
    [
        ([HIGH] * 5, True, YES, "at least 55 % of all such runs would"),
        ([HIGH] * 4, True, OPEN, "at least 47 % of all such runs would"),
        ([FINE] * 5, True, NO, "0 of 5 runs of a failed; with 95 % confidence, at most 45 % of"),
        ([FINE] * 4, True, OPEN, "at most 53 % of all such runs would"),
        ([(0.5, None)] * 5, False, YES, "at most 45 % of all such runs would"),
        ([LOST] * 5, False, NO, "weights that are not finite (seeds 1, 2, 3, 4, 5)"),
        ([HIGH, LOST, FINE], True, PART, "finite (seeds 2), with a last test error above"),
        ([HIGH, LOST, FINE], False, PART, "2 of 3 runs"),
    ],
)
def test_diverges(runs, expected, verdict, said, verdict_of):
    rule = dict(kind="diverges", arm="a", at_epoch=10, expected=expected)
    rows = [run_row("a", seed + 1, *run) for seed, run in enumerate(runs)]
    judged = verdict_of(rule, unit="share", runs=[*rows, run_row("b", 1, 0.9)])
    assert judged.verdict is verdict and said in judged.reason


# The error of arm a, 0.08 [0.07, 0.10], gives each of these verdicts.
RULES = {
    verdict: dict(kind="within", subject="it", **measure, **bounds)
    for verdict, measure, bounds in [
        (YES, ERROR, dict(high=0.1)),
        (OPEN, ERROR, dict(high=0.09)),
        (NO, ERROR, dict(high=0.06)),
        (UNTESTED, error_of("missing"), dict(high=0.1)),
    ]
}
RULES[PART] = dict(kind="all_of", rules=[RULES[YES], RULES[NO]])


@pytest.mark.parametrize(
    ("kind", "parts", "verdict"),
    [
        ("all_of", [YES, YES], YES),
        ("all_of", [YES, NO], PART),
        ("all_of", [YES, NO, OPEN], PART),
        ("all_of", [PART, NO], PART),
        ("all_of", [NO, NO], NO),
        ("all_of", [NO, OPEN], NO),
        ("all_of", [YES, OPEN], OPEN),
        ("all_of", [YES, NO, UNTESTED], UNTESTED),
        ("any_of", [NO, YES], YES),
        ("any_of", [NO, PART], PART),
        ("any_of", [NO, OPEN], OPEN),
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


def test_a_mixed_verdict_says_which_parts_hold(verdict_of):
    reason = verdict_of(dict(kind="all_of", rules=[RULES[NO], RULES[OPEN], RULES[YES]])).reason
    texts = [f"it is 8.00 % [7.00, 10.00]: {end}." for end in (
        "at most 10.00 %", "above the limit of 6.00 %", "the interval includes the limit of 9.00 %"
    )]  # fmt: skip
    assert reason == f"Does not hold: {texts[1]} Undecided: {texts[2]} Holds: {texts[0]}"


@pytest.mark.parametrize(
    ("verdicts", "shown"), [([YES, OPEN], 1), ([OPEN, NO], 1), ([YES, NO], 0), ([YES, YES], 0)]
)
def test_what_decided_is_shown(verdicts, shown, verdict_of):
    parts = [RULES[verdict] | dict(subject=f"part {k}") for k, verdict in enumerate(verdicts)]
    assert verdict_of(dict(kind="all_of", rules=parts)).what == f"part {shown}"


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


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (ERROR | dict(where={"neuron": 1}), "not a column of 'arms'"),
        (ERROR | dict(column="median"), "not a column of 'arms'"),
        (ERROR | dict(where={"at_epoch": 10}), "matches 3 rows"),
        (ERROR | dict(table="quality"), "not given"),
    ],
)
def test_a_measure_that_does_not_fit_the_files_is_an_error(measure, said, verdict_of):
    rule = dict(kind="within", subject="it", **measure, high=1)
    with pytest.raises(ClaimsError, match=said):
        verdict_of(rule)


@pytest.mark.parametrize(
    ("mean", "low", "high", "side", "expected", "words"),
    [
        (0.3, 0.1, 0.5, "above", YES, "is 0.3 [0.1, 0.5]: above 0."),
        (0.3, -0.1, 0.5, "above", OPEN, "[−0.1, 0.5]: the interval includes the limit of 0."),
        (-0.3, -0.5, -0.1, "above", NO, "not above 0."),
        (0.0, 0.0, 0.0, "above", NO, "not above 0."),
        (-0.3, -0.5, -0.1, "below", YES, "below 0."),
        (0.3, 0.1, 0.5, "below", NO, "not below 0."),
        (-0.3, -0.5, 0.1, "below", OPEN, "the interval includes the limit of 0."),
        (0.3, NAN, NAN, "above", OPEN, "without an interval"),
        (NAN, NAN, NAN, "above", UNTESTED, "It was not measured."),
    ],
)
def test_a_strict_bound_requires_the_whole_interval(
    verdict_of, mean, low, high, side, expected, words
):
    rows = [dict(layer="output3", mean=mean, low=low, high=high)]
    measure = dict(table="gradient_check", where=dict(layer="output3"), column="mean")
    rule = dict(kind="within", subject="It", **measure, **{side: 0})
    found = verdict_of(rule, unit="number", gradient_check=rows)
    assert found.verdict is expected
    assert words in found.reason


def test_bounds_of_a_topic_without_p_share_a_correction(tmp_path):
    """The p of an interval is that of a normal distribution: 0.05 at its nearer end."""
    path = tmp_path / "gradient_check.csv"
    rows = [("a", 1.0, 0.0, 2.0, NAN), ("b", 3.0, 1.0, 5.0, NAN), ("c", 0.5, NAN, NAN, NAN),
            ("d", 1.0, 0.0, 2.0, 0.04), ("e", 1.0, 0.5, 9.0, NAN)]  # fmt: skip
    columns = ["layer", "mean", "low", "high", "p_value"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    tables = Tables(dict(gradient_check=path))
    a, b, c, d, e = (Measure(table="gradient_check", where=dict(layer=name)) for name in "abcde")
    assert tables.p_value(Border(a, 0)) == pytest.approx(0.05)
    assert tables.p_value(Border(b, 1)) == pytest.approx(0.05)
    assert tables.p_value(Border(b, 3)) == 1
    assert tables.p_value(Border(d, 0)) == 0.04  # that of the file, which is for 0
    assert tables.p_value(Border(d, 1)) == 1
    assert tables.p_value(Border(e, 0.5)) == tables.p_value(Border(e, 9)) == pytest.approx(0.05)
    adjusted = tables.adjusted([Border(a, 0), Border(b, 0), Border(c, 0)])
    p = 0.0032827  # 3 / 2 * 1.96 standard deviations
    assert adjusted == pytest.approx({Border(a, 0): 0.05, Border(b, 0): 2 * p}, rel=1e-4)


def test_the_p_of_an_interval_over_seeds_is_that_of_the_t_test(tmp_path):
    values = np.array([0.3, 0.5, 0.1, 0.45])
    interval = mean_interval(values)._asdict()
    path = tmp_path / "activation.csv"
    pd.DataFrame([dict(arm="a", n_seeds=4) | interval]).to_csv(path, index=False)
    test = Border(Measure(table="activation", where=dict(arm="a")), 0.1)
    expected = stats.ttest_1samp(values, 0.1).pvalue
    assert Tables(dict(activation=path)).p_value(test) == pytest.approx(expected)
    assert p_beyond(-0.1, 0.2) == 1  # not beyond the border


@pytest.mark.parametrize(("p_adjusted", "expected"), [(0.04, YES), (0.06, OPEN), (NAN, YES)])
def test_a_strict_bound_follows_the_adjusted_p(verdict_of, p_adjusted, expected):
    row = dict(arm="fit_exact", difference=0.3, difference_low=0.1, difference_high=0.5)
    row |= dict(difference_p_value=0.03, difference_p_adjusted=p_adjusted)
    measure = dict(table="fits", where=dict(arm="fit_exact"), column="difference")
    for bound, otherwise in (("above", YES), ("below", NO)):
        rule = dict(kind="within", subject="It", **measure, **{bound: 0})
        found = verdict_of(rule, unit="number", fits=[row]).verdict
        assert found is (otherwise if expected is YES else OPEN)
