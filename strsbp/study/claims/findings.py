"""The findings about the published program, judged by the rules of the claims.

A finding is data in `resources/findings.yaml`. Findings about files that are not run here have no
rule; they say why they were not measured.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, model_validator

from strsbp.files import write_csv
from strsbp.settings import ArmName, Closed
from strsbp.study.claims.entries import Entry, Needs, judge, read_entries
from strsbp.study.claims.measurements import Tables, Test, told
from strsbp.study.claims.rules import AnyRule, Context, Judgement, PairedDiffers, Verdict

WORDS = {
    Verdict.REPRODUCES: "confirmed",
    Verdict.PARTLY: "partly confirmed",
    Verdict.DOES_NOT: "refuted",
    Verdict.UNDECIDED: "undecided",
    Verdict.NOT_TESTED: "not measured",
}
"""The name of each verdict where a finding is judged."""

COLUMNS = [
    "id", "place", "statement", "measured", "low", "high", "unit", "verdict", "reason",
    "effect_of", "effect", "effect_low", "effect_high", "effect_p_value", "effect_p_adjusted",
    "effect_text",
]  # fmt: skip


class Effect(Closed):
    """The test error of an arm without the finding's deviation minus that of an arm with it."""

    between: Annotated[list[ArmName], Field(min_length=2, max_length=2)]
    at_epoch: Annotated[int, Field(ge=1)] = 10
    needs: Needs

    @property
    def rule(self) -> PairedDiffers:
        return PairedDiffers(
            kind="paired_differs", between=self.between, at_epoch=self.at_epoch, margin=0
        )


class Finding(Entry):
    """One finding."""

    id: Annotated[str, Field(pattern=r"^F[0-9]+$")]
    place: Annotated[str, Field(min_length=1)]
    """Part of the published program."""
    rule: AnyRule | None = None
    not_measured: str = ""
    """Reason why there is no rule."""
    effects: list[Effect] = []

    @model_validator(mode="after")
    def _rule_or_reason(self):
        if (self.rule is None) == (not self.not_measured):
            raise ValueError("a finding needs either a `rule` or the reason, `not_measured`")
        return self


def load_findings(path: str | Path, values: Mapping[str, Any] | None = None) -> list[Finding]:
    """Read and check a findings file, as `read_entries` does."""
    return read_entries("findings", Finding, path, values)


def judge_findings(
    *, findings: str | Path, tables: Mapping[str, str | Path], out: str | Path
) -> None:
    """Judge every finding by the results files `tables`, with its effects; write `out` (csv).

    One row per finding, or per effect if it has several; all effects are one family of tests.
    Raises `ClaimsError` when the file is malformed or does not fit the results.
    """
    results, loaded = Tables(tables), load_findings(findings, {})
    adjusted = results.adjusted(
        test for finding in loaded for effect in finding.effects for test in effect.rule.tests()
    )
    rows = []
    for finding in loaded:
        with told(f"Finding {finding.id}"):
            judged = _judge(finding, results)
            effects = [_effect(effect, results, adjusted) for effect in finding.effects] or [{}]
        described = finding.model_dump(include={"id", "place", "statement", "unit"})
        described |= judged._asdict() | dict(verdict=WORDS[judged.verdict])
        rows += [described | effect for effect in effects]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _judge(finding: Finding, tables: Tables) -> Judgement:
    if finding.rule is None:
        return Judgement(Verdict.NOT_TESTED, finding.not_measured)
    return judge(finding.rule, finding.needs, Context(tables, None, finding.unit))


def _effect(effect: Effect, tables: Tables, adjusted: Mapping[Test, float]) -> dict:
    judged = judge(effect.rule, effect.needs, Context(tables, None, "points", adjusted))
    return dict(
        effect_of=" minus ".join(effect.between), effect=judged.measured, effect_low=judged.low,
        effect_high=judged.high, effect_p_value=judged.p_value,
        effect_p_adjusted=judged.p_adjusted, effect_text=judged.reason,
    )  # fmt: skip
