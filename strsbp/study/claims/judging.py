"""Verdicts on claims, findings and questions, from the results files that their rules name."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from strsbp.files import read_csv, write_csv
from strsbp.study.claims.entries import (
    SIZES,
    Effect,
    Needs,
    Statement,
    Topic,
    load_findings,
    load_topics,
)
from strsbp.study.claims.measurements import Tables, Test, told
from strsbp.study.claims.rules import WORDS, AnyRule, Context, Judgement, Verdict
from strsbp.study.settings import StudySettings

DATASET = "mnist"
"""The data set of arms that can judge what the study says."""
STUDY = "study"
"""The setting at which the study ran, beside the sets of arms with other settings."""
EPOCHS = {"best": "best_test_error", "last": "last_test_error", "validated": "validated_test_error"}
"""Which epoch's test error is compared: the best on the test set, as in the study, the last one, or
the best on validation images."""

MEASURED = [
    "measured", "low", "high", "p_value", "p_adjusted", *SIZES,
]  # fmt: skip
"""Columns of what a claim rests on, with the sizes of what was measured."""
COLUMNS_OF_CLAIMS = [
    "id", "place", "statement", "published", "measured", "low", "high", "unit", "what",
    "verdict", "reason", *MEASURED[3:], "other_verdicts", "note",
]  # fmt: skip
COLUMNS_OF_SETTINGS = ["id", "setting", "title", "epoch", "verdict", *MEASURED, "reason"]
COLUMNS_OF_FINDINGS = [
    "id", "place", "statement", "unit", "verdict", *MEASURED, "reason", "effect_of", "effect",
    "effect_low", "effect_high", "effect_p_value", "effect_p_adjusted", "effect_text",
]  # fmt: skip
COLUMNS_OF_ANSWERS = ["id", "statement", "unit", "what", "verdict", *MEASURED, "reason"]


def judge_claims(
    *,
    claims: str | Path,
    tables: Mapping[str, str | Path],
    out: str | Path,
    settings_out: str | Path,
    variants: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Judge every claim of the file `claims` by the results files `tables`; write two files (csv).

    `out` has the verdict on each claim at the study's own setting, by the best epoch where the
    study gives that. `settings_out` has those of every claim that rests on trained arms for each
    setting (the study's own and the sets of arms `variants`, names and titles) and each of `EPOCHS`
    that the arms have; `other_verdicts` of `out` names those that differ.

    Raises `ClaimsError` when the claims file is malformed or does not fit the results.
    """
    topics, results = load_topics(claims, {}), Tables(tables)
    views = _judged_all(topics, results, STUDY, "")
    for name, title in variants.items():
        views += _judged_all(topics, results.seen(name), name, title)
    rows, settings = [], []
    for claim in (one for topic in topics for one in topic.statements):
        main, *others = found = [view for view in views if view["id"] == claim.id]
        described = claim.model_dump(include=set(COLUMNS_OF_CLAIMS))
        rows.append(described | main | dict(other_verdicts=_other_verdicts(main, others)))
        settings += found if others else []
    write_csv(pd.DataFrame(rows, columns=COLUMNS_OF_CLAIMS), out)
    write_csv(pd.DataFrame(settings, columns=COLUMNS_OF_SETTINGS), settings_out)


def judge_findings(
    *, findings: str | Path, tables: Mapping[str, str | Path], out: str | Path
) -> None:
    """Judge every finding by the results files `tables`, with its effects; write `out` (csv).

    One row per finding, or per effect if it has several; all findings' tests are one family.
    Raises `ClaimsError` when the file is malformed or does not fit the results.
    """
    results, loaded = Tables(tables), load_findings(findings, {})
    adjusted = results.adjusted(
        test for one in loaded for rule in (one.rule, *one.effects) for test in rule.tests()
    )
    rows = []
    for finding in loaded:
        with told(f"Finding {finding.id}"):
            context = Context(results, None, finding.unit, adjusted)
            judged = judge(finding.rule, finding.needs, context)
            effects = [_effect(effect, results, adjusted) for effect in finding.effects] or [{}]
        described = finding.model_dump(include={"id", "place", "statement", "unit"})
        described |= _sizes(finding, judged, results)
        described |= judged._asdict() | dict(verdict=WORDS[judged.verdict]["finding"])
        rows += [described | effect for effect in effects]
    write_csv(pd.DataFrame(rows, columns=COLUMNS_OF_FINDINGS), out)


def judge_questions(
    *,
    questions: str | Path,
    tables: Mapping[str, str | Path],
    out: str | Path,
    study: StudySettings | dict,
) -> None:
    """Judge every statement by the results files `tables`; write `out` (csv), one row for each.

    Placeholders may name the `study`. Raises `ClaimsError` when the file is malformed or does not
    fit the results, or if a placeholder names nothing.
    """
    results, rows = Tables(tables), []
    for question in load_topics(questions, dict(study=StudySettings.model_validate(study))):
        adjusted = _adjusted(question, results)
        for one in question.statements:
            with told(f"Question {question.id}"):
                judged = judge(one.rule, one.needs, Context(results, None, one.unit, adjusted))
            described = dict(id=question.id, statement=one.statement, unit=one.unit)
            described |= _sizes(one, judged, results)
            answer = WORDS[judged.verdict]["answer"]
            rows.append(described | judged._asdict() | dict(verdict=answer))
    write_csv(pd.DataFrame(rows, columns=COLUMNS_OF_ANSWERS), out)


def judge(rule: AnyRule, needs: Needs, context: Context) -> Judgement:
    """The verdict by `rule`; if it rests on less than it `needs`, only what was measured."""
    judged, tables = rule.judge(context), context.tables
    if not needs or judged.verdict is Verdict.NOT_TESTED:
        return judged
    measures = rule.measures()
    rows = [tables.select(one.table, one.where) for one in measures]
    found = smallest(rows)
    for one in measures:
        for name in set(needs) - set(found) if "quantity" in one.where else ():
            if beside := tables.measure(one.changed({"quantity": name})):
                found[name] = beside.value
    if set(needs) - set(found):
        arms = rows_of_arms(rule, needs, tables)
        if isinstance(arms, str):
            return judged.unless(f"a measurement of the arm {arms}")
        rows += arms
        found |= smallest(rows)
    lacks = [
        f"{wanted:,g} {SIZES[name]} (here {f'{found[name]:,g}' if name in found else 'none'})"
        for name, wanted in needs.items()
        if found.get(name, 0) < wanted
    ]
    other = {row["dataset"] for row in rows if row is not None and "dataset" in row} - {DATASET}
    lacks += [f"the data set {DATASET} (here {name})" for name in sorted(other)]
    return judged.unless(", ".join(lacks))


def rows_of_arms(rule: AnyRule, needs: Needs, tables: Tables) -> list[pd.Series] | str:
    """The row of the table `arms` of each arm of a rule, or the name of one that has none."""
    rows = []
    for arm, at_epoch in rule.arms():
        at_epoch = at_epoch or needs.get("epochs", 1)
        where = dict(arm=arm, quantity="best_test_error", at_epoch=at_epoch)
        rows.append(tables.select("arms", where))
        if rows[-1] is None:
            return arm
    return rows


def smallest(rows: list[pd.Series | None]) -> dict[str, float]:
    """The smallest of each of the `SIZES` that the rows have; a diverged run counts as a seed."""
    frame = pd.DataFrame([row for row in rows if row is not None])
    if {"n_seeds", "n_diverged"} <= set(frame):
        frame["n_seeds"] += frame["n_diverged"].fillna(0)
    if "at_epoch" in frame:
        frame["epochs"] = frame["at_epoch"]
    sizes = frame.reindex(columns=list(SIZES)).min()
    return sizes.dropna().to_dict()


def _adjusted(topic: Topic, tables: Tables) -> Mapping[Test, float]:
    return tables.adjusted(test for one in topic.statements for test in one.rule.tests())


def _effect(effect: Effect, tables: Tables, adjusted: Mapping[Test, float]) -> dict:
    judged = judge(effect, effect.needs, Context(tables, None, "points", adjusted))
    return dict(
        effect_of=" minus ".join(effect.between), effect=judged.measured, effect_low=judged.low,
        effect_high=judged.high, effect_p_value=judged.p_value,
        effect_p_adjusted=judged.p_adjusted, effect_text=judged.reason,
    )  # fmt: skip


def _judged_all(topics: list[Topic], tables: Tables, setting: str, title: str) -> list[dict]:
    """One row per claim and way to choose the epoch, where that matters, at one setting."""
    rows, reasons = [], {}
    for epoch, quantity in EPOCHS.items():
        seen = tables.seen(tables.variant, quantity)
        for topic in topics:
            adjusted = _adjusted(topic, seen)
            for claim in topic.statements:
                trained = bool(claim.rule.arms())
                if not trained and (setting != STUDY or epoch != "best"):
                    continue  # simulations have neither epochs nor other settings
                with told(f"Claim '{claim.id}'"):
                    arms = rows_of_arms(claim.rule, claim.needs, seen)
                    if epoch == "validated" and isinstance(arms, str):
                        continue  # arms without validation images
                    context = Context(seen, claim.published, claim.unit, adjusted)
                    judged = judge(claim.rule, claim.needs, context)
                    if judged.reason == reasons.get(claim.id):
                        continue  # it names its epoch itself, or compares no test errors
                    reasons.setdefault(claim.id, judged.reason)
                    described = dict(id=claim.id, setting=setting, title=title, epoch=epoch)
                    described |= _sizes(claim, judged, seen)
                rows.append(described | judged._asdict())
    return rows


def _sizes(one: Statement, judged: Judgement, tables: Tables) -> dict[str, float]:
    """The smallest sizes of what was measured, as its rows have them, or else its arms."""
    rule = judged.rule or one.rule
    arms = rows_of_arms(rule, one.needs, tables)
    sizes = {} if isinstance(arms, str) else smallest(arms)
    if judged.verdict is Verdict.NOT_TESTED:
        return sizes
    measures = [measure for measure in rule.measures() if measure.sized]
    return sizes | smallest([tables.select(measure.table, measure.where) for measure in measures])


def _other_verdicts(main: dict, others: list[dict]) -> str:
    """The verdicts that differ from the main one, in words, such as "as logged, judged by the last
    epoch, it is undecided"; without the epoch if every epoch has this verdict."""
    judged = Counter(other["title"] for other in (main, *others))
    epochs: dict[tuple[str, Verdict], list[str]] = {}
    for other in others:
        verdicts = {main["verdict"], other["verdict"]}
        if len(verdicts) > 1 and Verdict.NOT_TESTED not in verdicts:
            epochs.setdefault((other["title"], other["verdict"]), []).append(other["epoch"])
    said = []
    for (title, verdict), (*first, last) in epochs.items():
        names = " or ".join(filter(None, [", ".join(first), last]))
        judged_by = f"judged by the {names} epoch" if judged[title] > len(first) + 1 else ""
        said.append(", ".join(filter(None, [title, judged_by, f"it {WORDS[verdict]['one']}"])))
    return "; ".join(said)


def read_judged(path: str | Path) -> pd.DataFrame:
    """The csv that `judge_claims` wrote; a missing text is empty, a missing number is NaN."""
    frame = read_csv(path, COLUMNS_OF_CLAIMS)[COLUMNS_OF_CLAIMS]
    texts = [name for name in frame if name not in ("published", *MEASURED)]
    return frame.assign(**frame[texts].astype(object).fillna(""))
