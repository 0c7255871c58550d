"""The closed set of rules by which a verdict follows from measured files.

A rule is data in `resources/claims.yaml`; nothing in that file is evaluated as code. A measured
value is compared with a border over its whole 95 % interval: on one side of the border it
reproduces, on the other it does not, and an interval that includes the border leaves it undecided.
A value without an interval, such as the error of a fit, is compared itself. "A better than B" rests
on the paired difference over common seeds, whose border is 0, and is undecided, too, if p is not
small enough after Holm's correction for all tests of its family. A rule of several parts
reproduces `partly` if some of them do and others do not; its reason names both.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from math import isnan, nan
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from strsbp.errors import ClaimsError
from strsbp.settings import ArmName, Closed
from strsbp.study.claims.measurements import Measure, Measured, Tables, Test
from strsbp.study.claims.units import Unit, format_measured, format_value
from strsbp.study.summary.intervals import ALPHA, share_interval


class Verdict(StrEnum):
    """The verdict on a claim."""

    REPRODUCES = "reproduces"
    PARTLY = "partly"
    DOES_NOT = "does not reproduce"
    UNDECIDED = "undecided"
    NOT_TESTED = "not tested at this size"


_PARTS = {
    Verdict.REPRODUCES: "Holds",
    Verdict.PARTLY: "Holds in part",
    Verdict.DOES_NOT: "Does not hold",
    Verdict.UNDECIDED: "Undecided",
}
"""How a reason introduces the parts with each verdict."""


def _together(verdicts: set[Verdict]) -> Verdict:
    """The verdict on a statement from those on all its parts."""
    if {Verdict.REPRODUCES, Verdict.DOES_NOT} <= verdicts:
        verdicts = verdicts | {Verdict.PARTLY}
    ranks = (Verdict.NOT_TESTED, Verdict.PARTLY, Verdict.DOES_NOT, Verdict.UNDECIDED)
    return next((one for one in ranks if one in verdicts), Verdict.REPRODUCES)


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

    def unless(self, lacks: str) -> "Judgement":
        """This judgement, or `NOT_TESTED` if the runs lack something (`lacks`, in words)."""
        if not lacks or self.verdict is Verdict.NOT_TESTED:
            return self
        reason = f"Needs {lacks}. For what it is worth: {self.reason}"
        return self._replace(verdict=Verdict.NOT_TESTED, reason=reason)


class Context(NamedTuple):
    """What a rule may use: the results, the published value and its unit, and the adjusted p of all
    paired tests of the family."""

    tables: Tables
    published: float | None
    unit: Unit
    adjusted: Mapping[Test, float] = {}


def _not_measured(what: str) -> Judgement:
    return Judgement(Verdict.NOT_TESTED, f"{what} was not measured.")


class Rule(Closed):
    """Base of all rules."""

    def judge(self, context: Context) -> Judgement:
        """The verdict that follows from the results files."""
        raise NotImplementedError

    def arms(self) -> list[tuple[str, int | None]]:
        """The arms that the rule rests on, each with the epoch at which it is judged."""
        selections = [measure.where for measure in self._measures()]
        return [(str(one["arm"]), one.get("at_epoch")) for one in selections if "arm" in one]

    def tests(self) -> list[Test]:
        """The paired tests that the rule makes."""
        return []

    def _measures(self) -> list[Measure]:
        values = [value for _, value in self]
        values += [one for value in values if isinstance(value, list) for one in value]
        return [value for value in values if isinstance(value, Measure)]


class MeasuringRule(Rule):
    """Base of the rules that compare measured values and name them in their reason."""

    subject: str
    """What is measured, in words, for the reason."""

    def judge(self, context):
        found = [context.tables.measure(measure) for measure in self._measures()]
        if None in found:
            return _not_measured(self.subject)
        return self._judge(context, *found)._replace(what=self.subject)

    def _judge(self, context: Context, *measured: Measured) -> Judgement:
        raise NotImplementedError


def _between(measured: Measured, low: float | None, high: float | None) -> Verdict:
    """The verdict on "the value lies between `low` and `high`" (either may be missing)."""
    smallest, largest = measured.ends
    if (low is not None and largest < low) or (high is not None and smallest > high):
        return Verdict.DOES_NOT
    inside = (low is None or smallest >= low) and (high is None or largest <= high)
    return Verdict.REPRODUCES if inside else Verdict.UNDECIDED


class ValueNear(Rule):
    """The measured value lies within `tolerance` of the published one."""

    kind: Literal["value_near"]
    measure: Measure
    tolerance: Annotated[float, Field(ge=0)]

    def judge(self, context):
        measured = context.tables.measure(self.measure)
        if measured is None:
            selection = ", ".join(f"{key} {value}" for key, value in self.measure.where.items())
            return _not_measured(f"{self.measure.column} of {self.measure.table} ({selection})")
        if context.published is None:
            raise ClaimsError("A claim with a value_near rule needs its `published` value.")
        points = "points" if context.unit == "error" else context.unit
        away, bound = (
            format_value(value, points).lstrip("+")
            for value in (abs(measured.value - context.published), self.tolerance)
        )
        at = f" after {measured.at_epoch} epochs" if measured.at_epoch is not None else ""
        published = format_value(context.published, context.unit)
        verdict = _between(
            measured, context.published - self.tolerance, context.published + self.tolerance
        )
        compared = {
            Verdict.REPRODUCES: f"within {bound}",
            Verdict.DOES_NOT: f"more than {bound}",
            Verdict.UNDECIDED: f"the interval includes the limit of {bound}",
        }[verdict]
        text = format_measured(*measured[:3], context.unit)
        reason = f"{text}{at} is {away} from {published}: {compared}."
        return Judgement(verdict, reason, *measured[:3])


class Bounds(MeasuringRule):
    """A value lies inside `low..high`."""

    unit: Unit | None = None
    """Unit of this value in the reason, if different from the claim's."""
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounded(self):
        if self.low is None and self.high is None:
            raise ValueError("give `low`, `high` or both")
        return self

    def _judge(self, context, measured):
        unit = self.unit or context.unit
        verdict = _between(measured, self.low, self.high)
        compared = _bounds_text(self.low, self.high, unit, verdict)
        reason = f"{self.subject} is {format_measured(*measured[:3], unit)}: {compared}."
        return Judgement(verdict, reason, *measured[:3])


def _bounds_text(low, high, unit, verdict: Verdict) -> str:
    lowest, highest = format_value(low, unit), format_value(high, unit)
    if verdict is Verdict.UNDECIDED:
        limits = " or ".join(format_value(one, unit) for one in (low, high) if one is not None)
        return f"the interval includes the limit of {limits}"
    inside = verdict is Verdict.REPRODUCES
    if low is None:
        return f"{'at most' if inside else 'above the limit of'} {highest}"
    if high is None:
        return f"{'at least' if inside else 'below the required'} {lowest}"
    return f"{'' if inside else 'not '}between {lowest} and {highest}"


class Within(Bounds):
    """One measured value lies inside bounds."""

    kind: Literal["within"]
    measure: Measure


class Ratio(Bounds):
    """The quotient of two measured values, without an interval, lies inside bounds."""

    kind: Literal["ratio"]
    numerator: Measure
    denominator: Measure

    def _judge(self, context, numerator, denominator):
        if denominator.value == 0:
            return Judgement(Verdict.NOT_TESTED, f"{self.subject} would be a division by 0.")
        return super()._judge(context, Measured(numerator.value / denominator.value))


class Exceeds(MeasuringRule):
    """A measured value, with its whole interval, lies above a bound (or below it).

    Undecided also if there is no interval, or if p, after correction, is not small enough.
    """

    kind: Literal["exceeds"]
    measure: Measure
    bound: float = 0.0
    side: Literal["above", "below"] = "above"

    def _judge(self, context, measured):
        low, high = measured.low - self.bound, measured.high - self.bound
        if self.side == "below":
            low, high = -high, -low
        bound = format_value(self.bound, context.unit)
        reason = f"{self.subject} is {format_measured(*measured[:3], context.unit)}"
        if not isnan(measured.p_adjusted):
            reason += f" (p = {measured.p_value:.2g}, with Holm's correction "
            reason += f"{measured.p_adjusted:.2g})"
        if isnan(low) or isnan(high):
            verdict, reason = Verdict.UNDECIDED, f"{reason}, without an interval."
        elif low > 0 and measured.p_adjusted >= ALPHA:
            verdict, reason = Verdict.UNDECIDED, f"{reason}: p is corrected to at least {ALPHA:g}."
        elif low > 0:
            verdict, reason = Verdict.REPRODUCES, f"{reason}: {self.side} {bound}."
        elif high <= 0:
            verdict, reason = Verdict.DOES_NOT, f"{reason}: not {self.side} {bound}."
        else:
            verdict, reason = Verdict.UNDECIDED, f"{reason}, and the interval includes {bound}."
        return Judgement(verdict, reason, *measured[:3], measured.p_value, measured.p_adjusted)


class Ordered(MeasuringRule):
    """Measured values rise (or fall) along a list; its parts are the steps.

    A step is undecided if the intervals at its ends overlap.
    """

    kind: Literal["ordered"]
    measures_in_order: Annotated[list[Measure], Field(min_length=2)]
    direction: Literal["increasing", "decreasing"]

    def _judge(self, context, *measured):
        shown = [format_value(one.value, context.unit) for one in measured]
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
        reason = f"{self.subject}: {', '.join(shown)}; {ordered}."
        return Judgement(_together(verdicts), reason, measured[-1].value)


class PairedRule(Rule):
    """Base of the rules that compare arms by their paired test errors."""

    at_epoch: Annotated[int, Field(ge=1)]
    quantity: Literal["best_test_error", "last_test_error"] = "best_test_error"

    def _compared(self) -> list[str]:
        """The names of the compared arms."""
        raise NotImplementedError

    def arms(self):
        return [(arm, self.at_epoch) for arm in self._compared()]

    def tests(self):
        return [self._test(self._compared()[0], self._compared()[-1])]

    def _test(self, a: str, b: str) -> Test:
        return (*sorted((a, b)), self.at_epoch, self.quantity)

    def _pair(self, context: Context, a: str, b: str):
        return context.tables.pair(a, b, self.at_epoch, self.quantity)

    def _better(self, context: Context, better: str, worse: str, margin=None) -> Judgement:
        """The verdict on "the error of `better` is smaller", from their paired difference.

        With a `margin`, on "the errors differ"; an interval within +-`margin` says they do not.
        """
        pair = self._pair(context, better, worse)
        if pair is None:
            return _not_measured(f"{better} against {worse}")
        diverged = int(pair["n_diverged_a"]), int(pair["n_diverged_b"])
        if pair["n_pairs"] == 0:
            judged = _all_diverged(better, worse, *diverged)
            differs = margin is not None and judged.verdict is Verdict.DOES_NOT
            return judged._replace(verdict=Verdict.REPRODUCES) if differs else judged
        reason = _pair_text(pair)
        if any(diverged):
            reason += " ({} and {} runs diverged and are excluded)".format(*diverged)
        low, high, p_value = pair["low"], pair["high"], float(pair["p_value"])
        p_adjusted = context.adjusted.get(self._test(better, worse), p_value)
        if len(context.adjusted) > 1:
            tests = f"{len(context.adjusted)} tests"
            reason += f" (p = {p_value:.2g}, with Holm's correction for {tests} {p_adjusted:.2g})"
        if isnan(low):
            verdict = Verdict.UNDECIDED
            reason += ", with no interval, because there is one seed or all seeds agree"
        elif margin is not None and -margin <= low and high <= margin:
            equal = format_value(margin, "points").lstrip("+")
            verdict, reason = Verdict.DOES_NOT, f"{reason}: within {equal}, which counts as equal"
        elif low <= 0 <= high:
            verdict, reason = Verdict.UNDECIDED, f"{reason}, and the interval includes 0"
        elif p_adjusted >= ALPHA:
            verdict = Verdict.UNDECIDED
            reason += f": the interval excludes 0, but p is corrected to at least {ALPHA:g}"
        elif low > 0 and margin is None:
            verdict, reason = Verdict.DOES_NOT, f"{reason}: significant in the opposite direction"
        elif diverged[0] and margin is None:
            verdict = Verdict.PARTLY
            reason += f": the interval excludes 0, but runs of {better} diverged"
        else:
            verdict, reason = Verdict.REPRODUCES, f"{reason}: the interval excludes 0"
        what = f"{pair['arm_a']} minus {pair['arm_b']}"
        measured = pair["difference"], low, high, p_value, p_adjusted
        return Judgement(verdict, f"{reason}.", *measured, what)


def _all_diverged(better: str, worse: str, diverged_better: int, diverged_worse: int) -> Judgement:
    """The verdict where no pair of runs is left."""
    if diverged_better and diverged_worse:
        reason = f"No seed is left to compare: runs of both {better} and {worse} diverged."
        return Judgement(Verdict.UNDECIDED, reason)
    verdict, lost, kept = Verdict.REPRODUCES, worse, better
    if diverged_better:
        verdict, lost, kept = Verdict.DOES_NOT, better, worse
    return Judgement(verdict, f"Every run of {lost} diverged, none of {kept} did.")


def _pair_text(pair) -> str:
    difference = format_measured(pair["difference"], pair["low"], pair["high"], "points")
    seeds = "seed" if pair["n_pairs"] == 1 else "seeds"
    return (
        f"{pair['arm_a']} minus {pair['arm_b']} is {difference} over {int(pair['n_pairs'])} paired "
        f"{seeds} after {int(pair['at_epoch'])} epochs"
    )


class PairedBetter(PairedRule):
    """The test error of `better` is smaller than that of `worse`, paired over seeds."""

    kind: Literal["paired_better"]
    better: ArmName
    worse: ArmName

    def _compared(self):
        return [self.better, self.worse]

    def judge(self, context):
        return self._better(context, self.better, self.worse)


class PairedTrend(PairedRule):
    """The test error falls along `arms_worst_to_best`.

    The verdict is that on the two ends; partly if they reproduce, but not every step of the means
    goes down.
    """

    kind: Literal["paired_trend"]
    arms_worst_to_best: Annotated[list[ArmName], Field(min_length=2)]

    def _compared(self):
        return self.arms_worst_to_best

    def judge(self, context):
        names = self.arms_worst_to_best
        ends = self._better(context, names[-1], names[0])
        steps = [self._pair(context, after, before) for before, after in pairwise(names)]
        if ends.verdict is Verdict.NOT_TESTED or any(step is None for step in steps):
            return _not_measured(f"The order of {', '.join(names)}")
        wrong = [
            f"{step['arm_a']} is not better than {step['arm_b']}"
            for step in steps
            if not step["difference"] < 0
        ]
        if wrong and ends.verdict is Verdict.REPRODUCES:
            return ends._replace(
                verdict=Verdict.PARTLY,
                reason=f"{ends.reason} But not at every step: {'; '.join(wrong)}.",
            )
        return ends


class PairedDiffers(PairedRule):
    """The test errors of two arms differ, in either direction, by more than `margin`."""

    kind: Literal["paired_differs"]
    arm_a: ArmName
    arm_b: ArmName
    margin: Annotated[float, Field(gt=0)]
    """Differences up to this count as equal."""

    def _compared(self):
        return [self.arm_a, self.arm_b]

    def judge(self, context):
        return self._better(context, self.arm_a, self.arm_b, self.margin)


class Diverges(Rule):
    """Training diverges (or, with `expected: false`, does not), counted over runs.

    A run counts as diverged if a weight was no longer finite or if its last test error is above
    `error_above`. Partly if some runs diverged; undecided if so few runs agree that the exact limit
    of the share of all runs that would diverge (Clopper-Pearson, 95 %) lies beyond one half.
    """

    kind: Literal["diverges"]
    arm: ArmName
    at_epoch: Annotated[int, Field(ge=1)]
    """Epoch that the arm must be configured to reach; divergence is judged over the whole run."""
    error_above: Annotated[float, Field(gt=0, lt=1)]
    expected: bool = True

    def arms(self):
        return [(self.arm, self.at_epoch)]

    def judge(self, context):
        runs = context.tables.rows("runs", dict(arm=self.arm))
        if runs.empty:
            return _not_measured(f"A run of {self.arm}")
        not_finite = runs["diverged"].notna()
        high = ~not_finite & (runs["last_test_error"] > self.error_above)
        n_diverged, n_runs = int((not_finite | high).sum()), len(runs)
        limits = share_interval(n_diverged, n_runs)
        reason = f"{n_diverged} of {n_runs} runs of {self.arm} diverged"
        for seeds, how in (
            (runs.loc[not_finite, "seed"], "with weights that are not finite"),
            (
                runs.loc[high, "seed"],
                f"with a last test error above {format_value(self.error_above, 'error')}",
            ),
        ):
            if len(seeds):
                reason += f", {how} those of seeds {', '.join(map(str, seeds))}"
        if limits.low == 0 or limits.high == 1:
            side, limit = ("at most", limits.high) if limits.low == 0 else ("at least", limits.low)
            reason += f"; of all such runs {side} {100 * limit:.0f} % would, with 95 % confidence"
        if 0 < n_diverged < n_runs:
            verdict = Verdict.PARTLY
        elif limits.low <= 0.5 <= limits.high:
            verdict = Verdict.UNDECIDED
        else:
            as_expected = (n_diverged > 0) == self.expected
            verdict = Verdict.REPRODUCES if as_expected else Verdict.DOES_NOT
        what = f"{n_diverged} of {n_runs} runs of {self.arm}"
        return Judgement(verdict, f"{reason}.", *limits, what=what)


class Combination(Rule):
    """Base of the rules over other rules."""

    rules: Annotated[list["AnyRule"], Field(min_length=2)]

    def arms(self):
        return [arm for rule in self.rules for arm in rule.arms()]

    def tests(self):
        return [test for rule in self.rules for test in rule.tests()]

    def judge(self, context):
        judged = [rule.judge(context) for rule in self.rules]
        shown = next((one for one in judged if not isnan(one.measured)), judged[0])
        return self._judge(judged, shown._replace(reason=" ".join(one.reason for one in judged)))

    def _judge(self, judged: list[Judgement], shown: Judgement) -> Judgement:
        """The verdict; `shown` has the first measured value and all reasons."""
        raise NotImplementedError


class AllOf(Combination):
    """All rules must reproduce; partly if some do and others do not."""

    kind: Literal["all_of"]

    def _judge(self, judged, shown):
        verdicts = {one.verdict for one in judged}
        if len(verdicts) > 1 and Verdict.NOT_TESTED not in verdicts:
            parts = {
                start: " ".join(one.reason for one in judged if one.verdict is verdict)
                for verdict, start in _PARTS.items()
            }
            reason = " ".join(f"{start}: {text}" for start, text in parts.items() if text)
            shown = shown._replace(reason=reason)
        return shown._replace(verdict=_together(verdicts))


class AnyOf(Combination):
    """One rule must reproduce; the best verdict counts, and its rule is shown."""

    kind: Literal["any_of"]

    def _judge(self, judged, shown):
        ranks = [
            Verdict.REPRODUCES, Verdict.PARTLY, Verdict.UNDECIDED, Verdict.DOES_NOT,
            Verdict.NOT_TESTED,
        ]  # fmt: skip
        best = min(judged, key=lambda one: ranks.index(one.verdict))
        # What was not tested may still reproduce, so the verdict is not a plain "does not".
        untested = any(one.verdict is Verdict.NOT_TESTED for one in judged)
        if best.verdict is Verdict.DOES_NOT and untested:
            return shown._replace(verdict=Verdict.NOT_TESTED)
        return best if best.verdict is Verdict.REPRODUCES else best._replace(reason=shown.reason)


AnyRule = Annotated[
    ValueNear | Within | Exceeds | Ratio | Ordered | PairedBetter | PairedTrend | PairedDiffers
    | Diverges | AllOf | AnyOf,
    Field(discriminator="kind"),
]  # fmt: skip
AllOf.model_rebuild()
AnyOf.model_rebuild()
