"""The closed set of rules by which a verdict follows from measured files.

A rule is data in `resources/claims.yaml`; nothing in that file is evaluated as code. "A better
than B" always rests on the paired difference over common seeds. The claim reproduces if its 95 %
interval excludes 0, and is undecided if the interval includes 0 (`reproduces in part`, and the
reason says so); it does not reproduce if the difference is significant in the opposite direction.
"""

from enum import StrEnum
from itertools import pairwise
from math import isnan, nan
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from strsbp.errors import ClaimsError
from strsbp.settings import ArmName, Closed
from strsbp.study.claims.measurements import Measure, Measured, Tables
from strsbp.study.claims.units import Unit, format_measured, format_value


class Verdict(StrEnum):
    """The verdict on a claim."""

    REPRODUCES = "reproduces"
    IN_PART = "reproduces in part"
    DOES_NOT = "does not reproduce"
    NOT_TESTED = "not tested at this size"


class Judgement(NamedTuple):
    """A verdict with its reason and what was measured."""

    verdict: Verdict
    reason: str
    measured: float = nan
    low: float = nan
    high: float = nan
    what: str = ""
    """What was measured, in words, if the statement leaves it open."""

    def unless(self, lacks: str) -> "Judgement":
        """This judgement, or `NOT_TESTED` if the runs lack something (`lacks`, in words)."""
        if not lacks or self.verdict is Verdict.NOT_TESTED:
            return self
        reason = f"Needs {lacks}. For what it is worth: {self.reason}"
        return self._replace(verdict=Verdict.NOT_TESTED, reason=reason)


class Context(NamedTuple):
    """What a rule may use: the results, the published value and its unit."""

    tables: Tables
    published: float | None
    unit: Unit


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


class ValueNear(Rule):
    """The measured value is near the published one.

    Reproduces within `tolerance`, or if the published value lies in the measured interval;
    in part within `tolerance_in_part`.
    """

    kind: Literal["value_near"]
    measure: Measure
    tolerance: Annotated[float, Field(ge=0)]
    tolerance_in_part: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self):
        if self.tolerance_in_part < self.tolerance:
            raise ValueError("`tolerance_in_part` must be at least `tolerance`")
        return self

    def judge(self, context):
        measured = context.tables.measure(self.measure)
        if measured is None:
            selection = ", ".join(f"{key} {value}" for key, value in self.measure.where.items())
            return _not_measured(f"{self.measure.column} of {self.measure.table} ({selection})")
        if context.published is None:
            raise ClaimsError("A claim with a value_near rule needs its `published` value.")
        distance = abs(measured.value - context.published)
        points = "points" if context.unit == "error" else context.unit
        away, bound, bound_in_part = (
            format_value(value, points).lstrip("+")
            for value in (distance, self.tolerance, self.tolerance_in_part)
        )
        at = f" after {measured.at_epoch} epochs" if measured.at_epoch is not None else ""
        published = format_value(context.published, context.unit)
        reason = f"{format_measured(*measured[:3], context.unit)}{at} is {away} from {published}"
        if distance <= self.tolerance:
            verdict, compared = Verdict.REPRODUCES, f", within {bound}"
        elif measured.low <= context.published <= measured.high:
            verdict, compared = Verdict.REPRODUCES, ", which lies in the 95 % interval"
        elif distance <= self.tolerance_in_part:
            verdict, compared = Verdict.IN_PART, f": more than {bound}, within {bound_in_part}"
        else:
            verdict, compared = Verdict.DOES_NOT, f": more than {bound_in_part}"
        return Judgement(verdict, f"{reason}{compared}.", *measured[:3])


class Bounds(MeasuringRule):
    """A value inside `low..high` reproduces, inside the wider `..._in_part` bounds in part."""

    unit: Unit | None = None
    """Unit of this value in the reason, if different from the claim's."""
    low: float | None = None
    high: float | None = None
    low_in_part: float | None = None
    high_in_part: float | None = None

    @model_validator(mode="after")
    def _bounded(self):
        if self.low is None and self.high is None:
            raise ValueError("give `low`, `high` or both")
        if self.low_in_part is not None and (self.low is None or self.low_in_part > self.low):
            raise ValueError("`low_in_part` must lie below `low`")
        if self.high_in_part is not None and (self.high is None or self.high_in_part < self.high):
            raise ValueError("`high_in_part` must lie above `high`")
        return self

    def _judge(self, context, measured):
        unit = self.unit or context.unit
        strict = self.low, self.high
        wide = (
            self.low if self.low_in_part is None else self.low_in_part,
            self.high if self.high_in_part is None else self.high_in_part,
        )
        if _inside(measured.value, *strict):
            verdict, compared = Verdict.REPRODUCES, _bounds_text(*strict, unit, True)
        elif _inside(measured.value, *wide):
            missed, met = _bounds_text(*strict, unit, False), _bounds_text(*wide, unit, True)
            verdict, compared = Verdict.IN_PART, f"{missed}, but {met}, which counts in part"
        else:
            verdict, compared = Verdict.DOES_NOT, _bounds_text(*wide, unit, False)
        reason = f"{self.subject} is {format_measured(*measured[:3], unit)}: {compared}."
        return Judgement(verdict, reason, *measured[:3])


def _inside(value, low, high) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _bounds_text(low, high, unit, inside: bool) -> str:
    lowest, highest = format_value(low, unit), format_value(high, unit)
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
    """The quotient of two measured values lies inside bounds."""

    kind: Literal["ratio"]
    numerator: Measure
    denominator: Measure

    def _judge(self, context, numerator, denominator):
        if denominator.value == 0:
            return Judgement(Verdict.NOT_TESTED, f"{self.subject} would be a division by 0.")
        return super()._judge(context, Measured(numerator.value / denominator.value))


class Exceeds(MeasuringRule):
    """A measured value, with its whole interval, lies above a bound (or below it).

    In part (undecided) if the interval includes the bound, or if there is no interval.
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
        if isnan(low) or isnan(high):
            verdict, reason = Verdict.IN_PART, f"Undecided: {reason}, without an interval."
        elif low > 0:
            verdict, reason = Verdict.REPRODUCES, f"{reason}: {self.side} {bound}."
        elif high <= 0:
            verdict, reason = Verdict.DOES_NOT, f"{reason}: not {self.side} {bound}."
        else:
            reason = f"Undecided: {reason}, and the interval includes {bound}."
            verdict = Verdict.IN_PART
        return Judgement(verdict, reason, *measured[:3])


class Ordered(MeasuringRule):
    """Measured values rise (or fall) along a list.

    Reproduces if every step goes that way; in part if only the ends do.
    """

    kind: Literal["ordered"]
    measures_in_order: Annotated[list[Measure], Field(min_length=2)]
    direction: Literal["increasing", "decreasing"]

    def _judge(self, context, *measured):
        values = [one.value for one in measured]
        sign = 1 if self.direction == "increasing" else -1
        listed = ", ".join(format_value(value, context.unit) for value in values)
        if all(sign * (after - before) > 0 for before, after in pairwise(values)):
            verdict, ordered = Verdict.REPRODUCES, f"{self.direction} at every step"
        elif sign * (values[-1] - values[0]) > 0:
            verdict = Verdict.IN_PART
            ordered = f"{self.direction} from end to end but not at every step"
        else:
            verdict, ordered = Verdict.DOES_NOT, f"not {self.direction}"
        return Judgement(verdict, f"{self.subject}: {listed}, {ordered}.", values[-1])


class PairedRule(Rule):
    """Base of the rules that compare arms by their paired test errors."""

    at_epoch: Annotated[int, Field(ge=1)]
    quantity: Literal["best_test_error", "last_test_error"] = "best_test_error"

    def _pair(self, context: Context, a: str, b: str):
        return context.tables.pair(a, b, self.at_epoch, self.quantity)


def _pair_text(pair) -> str:
    difference = format_measured(pair["difference"], pair["low"], pair["high"], "points")
    seeds = "seed" if pair["n_pairs"] == 1 else "seeds"
    return (
        f"{pair['arm_a']} minus {pair['arm_b']} is {difference} over {int(pair['n_pairs'])} paired "
        f"{seeds} after {int(pair['at_epoch'])} epochs"
    )


def _judge_pair(pair, better: str, worse: str) -> Judgement:
    """Verdict on "the error of `better` is smaller", from their paired difference."""
    if pair is None:
        return _not_measured(f"{better} against {worse}")
    diverged_better, diverged_worse = int(pair["n_diverged_a"]), int(pair["n_diverged_b"])
    if pair["n_pairs"] == 0:
        if diverged_worse and not diverged_better:
            verdict, lost, kept = Verdict.REPRODUCES, worse, better
        elif diverged_better and not diverged_worse:
            verdict, lost, kept = Verdict.DOES_NOT, better, worse
        else:
            reason = f"No seed is left to compare: runs of both {better} and {worse} diverged."
            return Judgement(Verdict.IN_PART, f"Undecided: {reason}")
        return Judgement(verdict, f"Every run of {lost} diverged, none of {kept} did.")
    reason = _pair_text(pair)
    if diverged_better or diverged_worse:
        reason += f" ({diverged_better} and {diverged_worse} runs diverged and are excluded)"
    if isnan(pair["low"]):
        verdict = Verdict.IN_PART
        reason = (
            f"Undecided: {reason}, with no interval, because there is one seed or all seeds agree"
        )
    elif pair["high"] < 0 and diverged_better:
        verdict = Verdict.IN_PART
        reason += f": the interval excludes 0, but runs of {better} diverged"
    elif pair["high"] < 0:
        verdict, reason = Verdict.REPRODUCES, f"{reason}: the interval excludes 0"
    elif pair["low"] > 0:
        verdict, reason = Verdict.DOES_NOT, f"{reason}: significant in the opposite direction"
    else:
        verdict, reason = Verdict.IN_PART, f"Undecided: {reason}, and the interval includes 0"
    difference = pair["difference"], pair["low"], pair["high"]
    return Judgement(verdict, f"{reason}.", *difference, f"{pair['arm_a']} minus {pair['arm_b']}")


class PairedBetter(PairedRule):
    """The test error of `better` is smaller than that of `worse`, paired over seeds."""

    kind: Literal["paired_better"]
    better: ArmName
    worse: ArmName

    def arms(self):
        return [(self.better, self.at_epoch), (self.worse, self.at_epoch)]

    def judge(self, context):
        pair = self._pair(context, self.better, self.worse)
        return _judge_pair(pair, self.better, self.worse)


class PairedTrend(PairedRule):
    """The test error falls along `arms_worst_to_best`.

    Reproduces if every step of the means goes down and the ends differ significantly; does not if
    the ends differ significantly in the opposite direction; in part otherwise.
    """

    kind: Literal["paired_trend"]
    arms_worst_to_best: Annotated[list[ArmName], Field(min_length=2)]

    def arms(self):
        return [(arm, self.at_epoch) for arm in self.arms_worst_to_best]

    def judge(self, context):
        names = self.arms_worst_to_best
        ends = _judge_pair(self._pair(context, names[-1], names[0]), names[-1], names[0])
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
                verdict=Verdict.IN_PART,
                reason=f"{ends.reason} But not at every step: {'; '.join(wrong)}.",
            )
        return ends


class PairedDiffers(PairedRule):
    """The test errors of two arms differ, in either direction.

    Reproduces if the interval excludes 0; does not if it lies within +-`margin`.
    """

    kind: Literal["paired_differs"]
    arm_a: ArmName
    arm_b: ArmName
    margin: Annotated[float, Field(gt=0)]
    """Differences up to this count as equal."""

    def arms(self):
        return [(self.arm_a, self.at_epoch), (self.arm_b, self.at_epoch)]

    def judge(self, context):
        pair = self._pair(context, self.arm_a, self.arm_b)
        judged = _judge_pair(pair, self.arm_a, self.arm_b)
        if judged.verdict is Verdict.NOT_TESTED or pair["n_pairs"] == 0 or isnan(pair["low"]):
            differs = judged.verdict in (Verdict.REPRODUCES, Verdict.DOES_NOT)
            return judged._replace(verdict=Verdict.REPRODUCES) if differs else judged
        text, margin = _pair_text(pair), format_value(self.margin, "points").lstrip("+")
        if -self.margin <= pair["low"] and pair["high"] <= self.margin:
            reason = f"{text}: within {margin}, which counts as equal."
            return judged._replace(verdict=Verdict.DOES_NOT, reason=reason)
        if pair["low"] > 0 or pair["high"] < 0:
            reason = f"{text}: the interval excludes 0."
            return judged._replace(verdict=Verdict.REPRODUCES, reason=reason)
        reason = f"Undecided: {text}, and the interval includes 0 but also more than {margin}."
        return judged._replace(verdict=Verdict.IN_PART, reason=reason)


class Diverges(Rule):
    """Training diverges (or, with `expected: false`, does not), counted over runs.

    A run counts as diverged if a weight was no longer finite or if its last test error is above
    `error_above`. Reproduces if all runs do as expected, in part if some do.
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
        runs = context.tables.frame("runs")
        runs = runs[runs["arm"] == self.arm]
        if runs.empty:
            return _not_measured(f"A run of {self.arm}")
        not_finite = runs["diverged"].notna()
        high = ~not_finite & (runs["last_test_error"] > self.error_above)
        n_diverged, n_runs = int((not_finite | high).sum()), len(runs)
        reason = f"{n_diverged} of {n_runs} runs of {self.arm} diverged"
        if n_diverged:
            reason += (
                f" ({int(not_finite.sum())} with weights that are not finite, {int(high.sum())} "
                f"with a last test error above {format_value(self.error_above, 'error')})"
            )
        reason += "."
        as_expected = n_diverged if self.expected else n_runs - n_diverged
        if as_expected == n_runs:
            verdict = Verdict.REPRODUCES
        else:
            verdict = Verdict.IN_PART if as_expected else Verdict.DOES_NOT
        what = f"{n_diverged} of {n_runs} runs of {self.arm}"
        return Judgement(verdict, reason, n_diverged / n_runs, what=what)


class Combination(Rule):
    """Base of the rules over other rules."""

    rules: Annotated[list["AnyRule"], Field(min_length=2)]

    def arms(self):
        return [arm for rule in self.rules for arm in rule.arms()]

    def _judged(self, context) -> tuple[list[Judgement], Judgement]:
        judged = [rule.judge(context) for rule in self.rules]
        shown = next((one for one in judged if not isnan(one.measured)), judged[0])
        return judged, shown._replace(reason=" ".join(one.reason for one in judged))


class AllOf(Combination):
    """All rules must reproduce; in part if at least one does, fully or in part."""

    kind: Literal["all_of"]

    def judge(self, context):
        judged, shown = self._judged(context)
        verdicts = {one.verdict for one in judged}
        if Verdict.NOT_TESTED in verdicts:
            return shown._replace(verdict=Verdict.NOT_TESTED)
        if len(verdicts) == 1:
            return shown._replace(verdict=verdicts.pop())
        return shown._replace(verdict=Verdict.IN_PART)


class AnyOf(Combination):
    """One rule must reproduce; the best verdict counts, and its rule is shown."""

    kind: Literal["any_of"]

    def judge(self, context):
        judged, shown = self._judged(context)
        ranks = [Verdict.REPRODUCES, Verdict.IN_PART, Verdict.DOES_NOT, Verdict.NOT_TESTED]
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
