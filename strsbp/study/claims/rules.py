"""The closed set of rules by which a verdict follows from measured files.

A rule is data in a file of `resources/`; nothing in it is evaluated as code. A measured value is
compared with a border over its whole 95 % interval: on one side of the border it reproduces, on the
other it does not, and an interval that includes the border leaves it undecided. A value without an
interval, such as the error of a fit, is compared itself. "A better than B" rests on the paired
difference over common seeds, whose border is 0. It is also undecided if p is not small enough after
Holm's correction for all tests of its topic; the same holds for strict bounds. A rule of several
parts reproduces `partly` if some of them do and others do not; its reason names both.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import groupby, pairwise
from math import isnan, nan
from operator import ge, gt, le, lt
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field, model_validator

from strsbp.errors import ClaimsError
from strsbp.files import read_yaml
from strsbp.settings import ArmName, Closed
from strsbp.study.claims.measurements import Border, Measure, Pair, Tables, Test
from strsbp.study.claims.units import Unit, format_measured, format_value
from strsbp.study.summary.intervals import ALPHA, prediction_spread, share_interval

FAILED_ABOVE = 0.5
"""A run failed if a weight is not finite or its last test error is above this; chance is 0.9."""


class Verdict(StrEnum):
    """The verdict on a claim."""

    REPRODUCES = "reproduces"
    PARTLY = "partly"
    DOES_NOT = "does not reproduce"
    UNDECIDED = "undecided"
    NOT_TESTED = "not tested at this size"


WORDS: dict[Verdict, dict[str, str]] = {
    Verdict(name): words
    for name, words in read_yaml(Path(__file__).with_name("verdicts.yaml"), ClaimsError).items()
}
"""The words for each verdict, by their use."""

_WEAKEST_FIRST = (
    Verdict.NOT_TESTED, Verdict.PARTLY, Verdict.DOES_NOT, Verdict.UNDECIDED, Verdict.REPRODUCES,
)  # fmt: skip
# What was not tested may still reproduce, so it comes before a plain "does not".
_BEST_FIRST = (
    Verdict.REPRODUCES, Verdict.PARTLY, Verdict.UNDECIDED, Verdict.NOT_TESTED, Verdict.DOES_NOT,
)  # fmt: skip


def _together(verdicts: set[Verdict]) -> Verdict:
    """The verdict on a statement from those on all its parts."""
    if {Verdict.REPRODUCES, Verdict.DOES_NOT} <= verdicts:
        verdicts = verdicts | {Verdict.PARTLY}
    return min(verdicts, key=_WEAKEST_FIRST.index)


class Judgement(NamedTuple):
    """A verdict with its reason and what was measured."""

    verdict: Verdict
    reason: str
    measured: float = nan
    low: float = nan
    high: float = nan
    p_value: float = nan
    p_adjusted: float = nan
    what: str = ""
    """What was measured, in words, if the statement leaves it open."""
    rule: "Rule | None" = None
    """The part of the claim's rule whose measured value this is."""

    def unless(self, lacks: str) -> "Judgement":
        """This judgement, or `NOT_TESTED` if the runs lack something (`lacks`, in words)."""
        if not lacks or self.verdict is Verdict.NOT_TESTED:
            return self
        reason = f"Needs {lacks}. For what it is worth: {self.reason}"
        return self._replace(verdict=Verdict.NOT_TESTED, reason=reason)


class Context(NamedTuple):
    """What a rule may use: the results, the published value and its unit, and the adjusted p of all
    tests of the topic."""

    tables: Tables
    published: float | None
    unit: Unit
    adjusted: Mapping[Test, float] = {}


def _not_measured(what: str) -> Judgement:
    return Judgement(Verdict.NOT_TESTED, f"{what} was not measured.")


class Rule(Closed):
    """Base of all rules; their method `judge` gives the verdict that follows from a `Context`."""

    def arms(self) -> list[tuple[str, int | None]]:
        """The arms that the rule rests on, each with the epoch at which it is judged."""
        return []

    def tests(self) -> list[Test]:
        """The tests that the rule makes: of two arms, or of a measured value against a border."""
        return []

    def measures(self) -> list[Measure]:
        """What is measured."""
        return []


class NotMeasured(Rule):
    """Nothing here measures it."""

    kind: Literal["not_measured"]
    reason: Annotated[str, Field(min_length=1)]

    def judge(self, context):
        return Judgement(Verdict.NOT_TESTED, self.reason)


class MeasuringRule(Rule, Measure):
    """Base of the rules that compare measured values and name them in their reason; their method
    `_judge` also gets what was measured."""

    subject: str
    """What is measured, in words, for the reason."""
    unit: Unit | None = None
    """Unit of the value in the reason, if different from the claim's."""

    def arms(self):
        if self.table in ("gradients", "denominators"):
            return []  # of all arms on the weights of one
        return [
            (str(measure.where[column]), measure.where.get("at_epoch"))
            for measure in self.measures()
            for column in ("arm", "arm_a", "arm_b")
            if column in measure.where
        ]

    def judge(self, context):
        found = [context.tables.measure(measure) for measure in self.measures()]
        if None in found:
            return _not_measured(self.subject)
        judged = self._judge(context, *found)
        return judged._replace(what=self.subject.rstrip(","), rule=self)


_BOUNDS = {
    "low": (ge, "at least", "below the required"),
    "high": (le, "at most", "above the limit of"),
    "above": (gt, "above", "not above"),
    "below": (lt, "below", "not below"),
}
"""What holds on the right side of each bound, and the words for either side."""


class Within(MeasuringRule):
    """A measured value lies inside bounds, with its whole interval.

    The bounds `low` and `high` are themselves inside. `above` and `below` are strict, and without
    an interval, or if p is not small enough after correction, the verdict is undecided. With
    `over`, the value is divided by that of another row, whose `where` differs by these columns.
    """

    kind: Literal["within"]
    over: dict[str, str | int | float | None] = {}
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    tolerance: Annotated[float, Field(ge=0)] | None = None
    """In place of bounds: the largest distance from the claim's `published` value."""

    @model_validator(mode="after")
    def _one_kind_of_bound(self):
        given = self.model_dump(include={"low", "high", "above", "below", "tolerance"})
        names = {name for name, bound in given.items() if bound is not None}
        if not names or (len(names) > 1 and names != {"low", "high"}):
            raise ValueError("give `low`, `high` or both, or one of `above`, `below`, `tolerance`")
        return self

    def measures(self):
        return [self.changed(change) for change in ([{}, self.over] if self.over else [{}])]

    def tests(self):
        strict = [bound for bound in (self.above, self.below) if bound is not None]
        return [Border(self.changed({}), bound) for bound in strict if not self.over]

    def _bounds(self, context: Context) -> dict[str, float]:
        if self.tolerance is not None:
            if context.published is None:
                raise ClaimsError("A claim with a `tolerance` needs its `published` value.")
            near = context.published
            return dict(low=near - self.tolerance, high=near + self.tolerance)
        given = self.model_dump(include=set(_BOUNDS))
        return {name: bound for name, bound in given.items() if bound is not None}

    def _judge(self, context, measured, divisor=None):
        unit = self.unit or context.unit
        if divisor is not None:
            if divisor.value == 0:
                return Judgement(Verdict.NOT_TESTED, f"{self.subject} would be a division by 0.")
            measured = measured.over(divisor)
        for test in self.tests():
            p_value = context.tables.p_value(test)
            p_adjusted = context.adjusted.get(test, measured.p_adjusted)
            measured = measured._replace(p_value=p_value, p_adjusted=p_adjusted)
        reasons = {Verdict.DOES_NOT: [], Verdict.UNDECIDED: [], Verdict.REPRODUCES: []}
        text, p_values = format_measured(*measured[:3], unit), ()
        for name, bound in self._bounds(context).items():
            holds, inside, outside = _BOUNDS[name]
            shown = format_value(bound, unit) if bound else "0"
            held = [holds(end, bound) for end in measured.ends]
            strict = name in ("above", "below")
            if strict and not isnan(measured.p_adjusted):
                p_values = measured.p_value, measured.p_adjusted
                text += " (p = {:.2g}, with Holm's correction {:.2g})".format(*p_values)
            if strict and isnan(measured.low):
                reasons[Verdict.UNDECIDED].append("without an interval")
            elif strict and len(set(held)) == 1 and measured.p_adjusted >= ALPHA:
                reasons[Verdict.UNDECIDED].append(f"p after correction is at least {ALPHA:g}")
            elif all(held):
                reasons[Verdict.REPRODUCES].append(f"{inside} {shown}")
            elif any(held):
                reasons[Verdict.UNDECIDED].append(f"the interval includes the limit of {shown}")
            else:
                reasons[Verdict.DOES_NOT].append(f"{outside} {shown}")
        verdict, found = next(item for item in reasons.items() if item[1])
        reason = f"{self.subject} is {text}: {' and '.join(found)}."
        return Judgement(verdict, reason, *measured[:3], *p_values)


class SingleRun(MeasuringRule):
    """The `published` value, of a single run, lies where one more run of ours would (95 %).

    This is the prediction interval that follows from the interval of the mean over `n_seeds` runs.
    """

    kind: Literal["single_run"]

    def measures(self):
        return [self.changed({})]

    def _judge(self, context, measured):
        unit = self.unit or context.unit
        if context.published is None:
            raise ClaimsError("A `single_run` needs the claim's `published` value.")
        reason = f"{self.subject} is {format_measured(*measured[:3], unit)}"
        if isnan(measured.low):
            reason += ", without an interval."
            return Judgement(Verdict.UNDECIDED, reason, *measured[:3])
        n_seeds = context.tables.select(self.table, self.where)["n_seeds"]
        spread = prediction_spread(measured.high - measured.value, n_seeds)
        low, high = measured.value - spread, measured.value + spread
        holds = low <= context.published <= high
        ends, published = (format_value(one, unit) for one in (low, high)), context.published
        reason += (
            f"; with 95 % probability, one more run would lie from {' to '.join(ends)}, which "
            f"{'includes' if holds else 'excludes'} the study's {format_value(published, unit)}."
        )
        return Judgement(Verdict.REPRODUCES if holds else Verdict.DOES_NOT, reason, *measured[:3])


class Ordered(MeasuringRule):
    """Measured values rise (or fall) along rows whose `where` differs by the columns of `along`.

    Its parts are the steps. A step is undecided if the intervals at its ends overlap.
    """

    kind: Literal["ordered"]
    along: Annotated[list[dict[str, str | int | float | None]], Field(min_length=2)]
    direction: Literal["increasing", "decreasing"]

    def measures(self):
        return [self.changed(change) for change in self.along]

    def _judge(self, context, *measured):
        unit = self.unit or context.unit
        shown = [format_value(one.value, unit) for one in measured]
        verdicts, exceptions = set(), []
        for (before, after), names in zip(pairwise(measured), pairwise(shown), strict=True):
            lower, upper = (before, after) if self.direction == "increasing" else (after, before)
            if upper.ends[0] > lower.ends[1]:
                verdict = Verdict.REPRODUCES
            elif upper.ends[1] <= lower.ends[0]:
                verdict = Verdict.DOES_NOT
            else:
                verdict = Verdict.UNDECIDED
            verdicts.add(verdict)
            if verdict is not Verdict.REPRODUCES:
                how = "undecided" if verdict is Verdict.UNDECIDED else f"not {self.direction}"
                exceptions.append(f"{how} from {names[0]} to {names[1]}")
        ordered = ", ".join(exceptions) or f"{self.direction} at every step"
        values = ", ".join(format_measured(*one[:3], unit) for one in measured)
        reason = f"{self.subject}: {values}; {ordered}."
        return Judgement(_together(verdicts), reason, *measured[-1][:3])


class PairedRule(Rule):
    """Base of the rules that compare arms, `compared()`, by their paired test errors."""

    at_epoch: Annotated[int, Field(ge=1)]
    quantity: Literal["best_test_error", "last_test_error"] = "best_test_error"

    def arms(self):
        return [(arm, self.at_epoch) for arm in self.compared()]

    def tests(self):
        return [self._test(self.compared()[0], self.compared()[-1])]

    def _test(self, a: str, b: str) -> Pair:
        return Pair(*sorted((a, b)), self.at_epoch, self.quantity)

    def _pair(self, context: Context, a: str, b: str):
        return context.tables.pair(a, b, self.at_epoch, self.quantity)

    def _better(self, context: Context, better: str, worse: str, margin=None) -> Judgement:
        """The verdict on "the error of `better` is smaller", from their paired difference.

        With a `margin`, on "the errors differ": an interval beyond +-`margin` says that they do,
        one within it that they do not.
        """
        pair = self._pair(context, better, worse)
        if pair is None:
            return _not_measured(f"{better} against {worse}")
        diverged = int(pair["n_diverged_a"]), int(pair["n_diverged_b"])
        if pair["n_pairs"] == 0:
            return _all_diverged(better, worse, *diverged, differs=margin is not None)
        difference = format_measured(pair["difference"], pair["low"], pair["high"], "points")
        what = f"{pair['arm_a']} minus {pair['arm_b']}"
        reason = (
            f"{what} is {difference} over {pair['n_pairs']:.0f} paired "
            f"seed{'s' if pair['n_pairs'] > 1 else ''} after {pair['at_epoch']:.0f} epochs"
        )
        if any(diverged):
            reason += " ({} and {} runs diverged and are excluded)".format(*diverged)
        low, high, test = pair["low"], pair["high"], self._test(better, worse)
        equal = format_value(margin, "points").lstrip("+")
        p_value = context.tables.p_value(test)
        p_adjusted = context.adjusted.get(test, p_value)
        if len(context.adjusted) > 1:
            tests = f"{len(context.adjusted)} tests"
            beyond = f" for more than {equal}" if margin else ""
            reason += (
                f" (p{beyond} = {p_value:.2g}, with Holm's correction for {tests} {p_adjusted:.2g})"
            )
        if isnan(low):
            verdict = Verdict.UNDECIDED
            reason += ", with no interval, because there is one seed or all seeds agree"
        elif margin is not None and -margin <= low and high <= margin:
            verdict, reason = Verdict.DOES_NOT, f"{reason}: within {equal}, which counts as equal"
        elif low <= 0 <= high:
            verdict, reason = Verdict.UNDECIDED, f"{reason}, and the interval includes 0"
        elif min(abs(low), abs(high)) <= (margin or 0):
            verdict = Verdict.UNDECIDED
            reason += f", and the interval includes {equal}, up to which errors count as equal"
        elif p_adjusted >= ALPHA:
            verdict = Verdict.UNDECIDED
            reason += f": the interval excludes 0, but p after correction is at least {ALPHA:g}"
            if low > 0 and margin is None:
                reason += "; the mean points in the opposite direction"
        elif low > 0 and margin is None:
            verdict, reason = Verdict.DOES_NOT, f"{reason}: significant in the opposite direction"
        elif diverged[0] and margin is None:
            verdict = Verdict.PARTLY
            reason += f": the interval excludes 0, but runs of {better} diverged"
        else:
            border = (
                f"lies beyond {equal}, up to which errors count as equal"
                if margin
                else "excludes 0"
            )
            verdict, reason = Verdict.REPRODUCES, f"{reason}: the interval {border}"
        measured = pair["difference"], low, high, p_value, p_adjusted
        return Judgement(verdict, f"{reason}.", *measured, what, self)


def _all_diverged(
    better: str, worse: str, diverged_better: int, diverged_worse: int, differs: bool
) -> Judgement:
    """The verdict where no pair of runs is left."""
    if diverged_better and diverged_worse:
        reason = f"No seed is left to compare: runs of both {better} and {worse} diverged."
        return Judgement(Verdict.UNDECIDED, reason)
    lost, kept = (better, worse) if diverged_better else (worse, better)
    verdict = Verdict.REPRODUCES if differs or lost == worse else Verdict.DOES_NOT
    return Judgement(verdict, f"Every run of {lost} diverged; none of {kept} did.")


class PairedBetter(PairedRule):
    """The test error falls along the arms `worst_to_best`, paired over seeds.

    The verdict compares the last arm with the first; it is `partly` if that reproduces but the
    means do not fall at every step.
    """

    kind: Literal["paired_better"]
    worst_to_best: Annotated[list[ArmName], Field(min_length=2)]

    def compared(self):
        return self.worst_to_best

    def judge(self, context):
        names = self.worst_to_best
        ends = self._better(context, names[-1], names[0])
        if len(names) == 2:
            return ends
        steps = [self._pair(context, after, before) for before, after in pairwise(names)]
        if ends.verdict is Verdict.NOT_TESTED or any(step is None for step in steps):
            return _not_measured(f"The order of {', '.join(names)}")
        wrong = [
            f"{step['arm_a']} is not better than {step['arm_b']}"
            for step in steps
            if not step["difference"] < 0
        ]
        if wrong and ends.verdict is Verdict.REPRODUCES:
            reason = f"{ends.reason} But not at every step: {'; '.join(wrong)}."
            return ends._replace(verdict=Verdict.PARTLY, reason=reason)
        return ends


class PairedDiffers(PairedRule):
    """The test errors of two arms differ, in either direction, by more than `margin`."""

    kind: Literal["paired_differs"]
    between: Annotated[list[ArmName], Field(min_length=2, max_length=2)]
    margin: Annotated[float, Field(ge=0)]
    """Differences up to this count as equal."""

    def compared(self):
        return self.between

    def _test(self, a, b):
        return super()._test(a, b)._replace(margin=self.margin)

    def judge(self, context):
        return self._better(context, *self.between, self.margin)


class Diverges(Rule):
    """Training fails (or, with `expected: false`, does not), counted over runs.

    A run fails if a weight was no longer finite or if its last test error is above one half. The
    verdict is `partly` if only some runs failed. If all agree, it is undecided while they are so
    few that the exact 95 % limit (Clopper-Pearson) of the share of failures lies beyond one half.
    """

    kind: Literal["diverges"]
    arm: ArmName
    at_epoch: Annotated[int, Field(ge=1)]
    """Epoch that the arm must be configured to reach; divergence is judged over the whole run."""
    expected: bool = True

    def arms(self):
        return [(self.arm, self.at_epoch)]

    def judge(self, context):
        runs = context.tables.rows("runs", dict(arm=self.arm))
        if runs.empty:
            return _not_measured(f"A run of {self.arm}")
        not_finite = runs["diverged"].notna()
        high = ~not_finite & (runs["last_test_error"] > FAILED_ABOVE)
        n_diverged, n_runs = int((not_finite | high).sum()), len(runs)
        limits = share_interval(n_diverged, n_runs)
        what = f"{n_diverged} of {n_runs} runs of {self.arm}"
        reason, above = f"{what} failed", format_value(FAILED_ABOVE, "error")
        for rows, how in (
            (not_finite, "weights that are not finite"),
            (high, f"a last test error above {above}"),
        ):
            if rows.any():
                seeds = ", ".join(map(str, runs.loc[rows, "seed"]))
                reason += f", with {how} (seeds {seeds})"
        if limits.low == 0 or limits.high == 1:
            side, limit = ("at most", limits.high) if limits.low == 0 else ("at least", limits.low)
            reason += f"; with 95 % confidence, {side} {100 * limit:.0f} % of all such runs would"
        if 0 < n_diverged < n_runs:
            verdict = Verdict.PARTLY
        elif limits.low <= 0.5 <= limits.high:
            verdict = Verdict.UNDECIDED
        else:
            as_expected = (n_diverged > 0) == self.expected
            verdict = Verdict.REPRODUCES if as_expected else Verdict.DOES_NOT
        return Judgement(verdict, f"{reason}.", *limits, what=what, rule=self)


def _reasons(judged: Iterable[Judgement]) -> str:
    return " ".join(one.reason for one in judged)


def _shown(judged: list[Judgement], verdict: Verdict) -> Judgement:
    """The judgement to show beside `verdict`: the first with this verdict and a measured value."""
    deciding_first = sorted(judged, key=lambda one: one.verdict is not verdict)
    return next((one for one in deciding_first if not isnan(one.measured)), judged[0])


class Combination(Rule):
    """Base of the rules over other rules."""

    rules: Annotated[list["AnyRule"], Field(min_length=2)]

    def arms(self):
        return [arm for rule in self.rules for arm in rule.arms()]

    def tests(self):
        return [test for rule in self.rules for test in rule.tests()]

    def measures(self):
        return [measure for rule in self.rules for measure in rule.measures()]


class AllOf(Combination):
    """All rules must reproduce; partly if some do and others do not."""

    kind: Literal["all_of"]

    def judge(self, context):
        judged = [rule.judge(context) for rule in self.rules]
        verdicts = {one.verdict for one in judged}
        reason = _reasons(judged)
        if len(verdicts) > 1 and Verdict.NOT_TESTED not in verdicts:
            reason = " ".join(
                f"{WORDS[one]['parts']}: {_reasons(parts)}"
                for one, parts in groupby(judged, key=lambda part: part.verdict)
            )
        verdict = _together(verdicts)
        return _shown(judged, verdict)._replace(verdict=verdict, reason=reason)


class AnyOf(Combination):
    """One rule must reproduce; the best verdict counts, and its rule is shown."""

    kind: Literal["any_of"]

    def judge(self, context):
        judged = [rule.judge(context) for rule in self.rules]
        best = min(judged, key=lambda one: _BEST_FIRST.index(one.verdict))
        if best.verdict is Verdict.REPRODUCES:
            return best
        shown = _shown(judged, best.verdict)
        return shown._replace(verdict=best.verdict, reason=_reasons(judged))


AnyRule = Annotated[
    Within | SingleRun | Ordered | PairedBetter | PairedDiffers | Diverges | AllOf | AnyOf
    | NotMeasured,
    Field(discriminator="kind"),
]  # fmt: skip
AllOf.model_rebuild()
AnyOf.model_rebuild()
KINDS = {
    get_args(rule.model_fields["kind"].annotation)[0]: rule
    for rule in get_args(get_args(AnyRule)[0])
}
"""The rules by their `kind`."""
