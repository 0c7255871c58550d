"""The claims of the study, and their verdicts from measured files."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, get_args

import pandas as pd
from pydantic import Field, create_model

from strsbp.errors import ClaimsError, SettingsError
from strsbp.files import ResultsError, numbers, read_csv, read_yaml, write_csv
from strsbp.settings import Closed, checked
from strsbp.study.claims.measurements import Tables, Test, told
from strsbp.study.claims.rules import AnyRule, Context, Judgement, Verdict
from strsbp.study.claims.units import Unit

MEASURED = [
    "measured", "low", "high", "p_value", "p_adjusted", "n_train", "n_test", "epochs", "n_seeds",
]  # fmt: skip
"""Columns of what a claim rests on; the sizes are the smallest of its arms."""
COLUMNS = [
    "id", "place", "statement", "published", "measured", "low", "high", "unit", "what",
    "verdict", "reason", *MEASURED[3:], "other_verdicts", "note",
]  # fmt: skip
SETTINGS_COLUMNS = ["id", "setting", "title", "epoch", "verdict", *MEASURED, "reason"]
STUDY = "study"
"""The setting at which the study ran, beside the sets of arms with other settings."""
EPOCHS = {
    "best": "best_test_error",
    "last": "last_test_error",
    "validated": "validated_test_error",
}
"""Which epoch's test error is compared: the best on the test set, as in the study, the last one, or
the best on validation images."""


class Needs(Closed):
    """The smallest runs that can judge a claim; each arm of its rule must be at least as large."""

    n_train: Annotated[int, Field(ge=1)]
    n_test: Annotated[int, Field(ge=1)]
    epochs: Annotated[int, Field(ge=1)]
    n_seeds: Annotated[int, Field(ge=1)]
    datasets: Annotated[list[str], Field(min_length=1)] = ["mnist"]

    def lacks(self, n_train, n_test, epochs, n_seeds) -> list[str]:
        """What runs of these sizes lack, in words."""
        return lacking(
            ("training images", self.n_train, n_train), ("test images", self.n_test, n_test),
            ("epochs", self.epochs, epochs), ("seeds", self.n_seeds, n_seeds),
        )  # fmt: skip


def lacking(*sizes: tuple[str, float, float | None]) -> list[str]:
    """The `sizes` (what is counted, wanted, found) that are too small, in words."""
    return [
        f"{wanted:,g} {what} (here {'none' if found is None else f'{found:,g}'})"
        for what, wanted, found in sizes
        if found is None or found < wanted
    ]


class Claim(Closed):
    """One claim of the study."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    place: Annotated[str, Field(min_length=1)]
    """Section and figure of the study."""
    statement: Annotated[str, Field(min_length=1)]
    """What the study says, in our words."""
    published: float | None = None
    """The published number, in `unit`; a fraction for an error."""
    unit: Unit
    needs: Needs | None = None
    """Smallest size; without it any run can judge the claim."""
    family: str | None = None
    """Claims of the same family share Holm's correction of their paired tests."""
    rule: AnyRule
    note: str = ""
    """How the claim is interpreted, if its text leaves a choice."""


def load_claims(path: str | Path) -> list[Claim]:
    """Read and check a claims file; raises `ClaimsError` in one sentence."""
    return read_entries("claims", Claim, path)


def read_entries(key: str, entry: type[Closed], path: str | Path) -> list:
    """The entries of the YAML file `path`, which are a list under its only key.

    Raises `ClaimsError`, also if two entries have the same id.
    """
    entries = Annotated[list[entry], Field(min_length=1)]
    file = create_model(key, __base__=Closed, **{key: entries})
    try:
        [(_, found)] = checked(file, read_yaml(path, ClaimsError), where=str(path))
    except SettingsError as error:
        raise ClaimsError(str(error)) from None
    [(name, count)] = Counter(one.id for one in found).most_common(1)
    if count > 1:
        raise ClaimsError(f"{path} has two entries with the id '{name}'; give each its own.")
    return found


def published_value(path: str | Path, claim_id: str) -> float:
    """The published number of one claim, for marking it in a figure."""
    for claim in load_claims(path):
        if claim.id == claim_id and claim.published is not None:
            return claim.published
    raise ClaimsError(f"{path} has no claim '{claim_id}' with a published value.")


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
    loaded, results = load_claims(claims), Tables(tables)
    views = _judged_all(loaded, results, STUDY, "")
    for name, title in variants.items():
        views += _judged_all(loaded, results.seen(name), name, title)
    by_claim = {claim.id: [view for view in views if view["id"] == claim.id] for claim in loaded}
    rows = []
    for claim in loaded:
        main, *others = by_claim[claim.id]
        described = claim.model_dump(include=set(COLUMNS))
        rows.append(described | main | dict(other_verdicts=_other_verdicts(main, others)))
    views = [view for found in by_claim.values() for view in found if len(found) > 1]
    write_csv(pd.DataFrame(rows)[COLUMNS], out)
    write_csv(pd.DataFrame(views, columns=SETTINGS_COLUMNS), settings_out)


def _judged_all(claims: list[Claim], tables: Tables, setting: str, title: str) -> list[dict]:
    """One row per claim and way to choose the epoch, at one setting."""
    rows = []
    for epoch, quantity in EPOCHS.items():
        seen = tables.seen(tables.variant, quantity)
        families = {
            family: seen.adjusted(
                test for claim in claims if claim.family == family for test in claim.rule.tests()
            )
            for family in {claim.family for claim in claims if claim.family}
        }
        for claim in claims:
            trained = bool(claim.rule.arms())
            if not trained and (setting != STUDY or epoch != "best"):
                continue  # simulations have neither epochs nor other settings
            with told(f"Claim '{claim.id}'"):
                sizes = claim_sizes(claim, seen) if trained else {}
                if epoch == "validated" and sizes is None:
                    continue  # arms without validation images
                judged = judge(claim, seen, families.get(claim.family, {}))
            described = dict(id=claim.id, setting=setting, title=title, epoch=epoch)
            rows.append(described | (sizes or {}) | judged._asdict())
    return rows


def _other_verdicts(main: dict, others: list[dict]) -> str:
    """The verdicts that differ from the main one, in words."""
    epochs: dict[tuple[str, Verdict], list[str]] = {}
    for other in others:
        verdicts = {main["verdict"], other["verdict"]}
        if len(verdicts) > 1 and Verdict.NOT_TESTED not in verdicts:
            epochs.setdefault((other["title"], other["verdict"]), []).append(other["epoch"])
    return "; ".join(
        f"{title} by the {', '.join(names)} epoch: {verdict}".lstrip()
        for (title, verdict), names in epochs.items()
    )


def read_judged(path: str | Path) -> pd.DataFrame:
    """The csv that `judge_claims` wrote; raises `ResultsError` if it has other content.

    A missing text is empty, a missing number is NaN.
    """
    frame = read_csv(path, COLUMNS)[COLUMNS]
    for name in COLUMNS:
        if name in ("published", *MEASURED):
            frame[name] = numbers(frame, name, path)
        else:
            frame[name] = frame[name].astype(object).fillna("").astype(str)
    for name, known in (("verdict", list(Verdict)), ("unit", get_args(Unit))):
        if not frame[name].isin(known).all():
            raise ResultsError(f"{path} has an unknown '{name}'; make it again.")
    return frame


def judge(claim: Claim, tables: Tables, adjusted: Mapping[Test, float] | None = None) -> Judgement:
    """The verdict on one claim; below its minimal size the measured value is still given.

    `adjusted`: p of the paired tests of its family.
    """
    judged = claim.rule.judge(Context(tables, claim.published, claim.unit, adjusted or {}))
    return judged.unless(_too_small(claim, tables)) if claim.needs else judged


def _rows_of_arms(claim: Claim, tables: Tables) -> pd.DataFrame | str:
    """The row of the table `arms` of each arm of a claim, or the name of one that has none."""
    rows = []
    for arm, at_epoch in claim.rule.arms():
        at_epoch = at_epoch or (claim.needs.epochs if claim.needs else 1)
        where = dict(arm=arm, quantity="best_test_error", at_epoch=at_epoch)
        row = tables.select("arms", where)
        if row is None:
            return arm
        rows.append(row)
    return pd.DataFrame(rows)


def claim_sizes(claim: Claim, tables: Tables) -> dict | None:
    """The smallest sizes of the claim's arms, or None if one was not measured."""
    rows = _rows_of_arms(claim, tables)
    if isinstance(rows, str):
        return None
    seeds = (rows["n_seeds"] + rows["n_diverged"]).min()
    smallest = rows[["n_train", "n_test", "at_epoch"]].min()
    return dict(zip(("n_train", "n_test", "epochs"), smallest, strict=True)) | dict(n_seeds=seeds)


def _too_small(claim: Claim, tables: Tables) -> str:
    """What the arms of the claim lack, in words; empty if they are large enough."""
    if not claim.rule.arms():
        return ""
    rows, sizes = _rows_of_arms(claim, tables), claim_sizes(claim, tables)
    if sizes is None:
        return f"a measurement of the arm {rows}"
    lacks = claim.needs.lacks(**sizes)
    other = sorted(set(rows["dataset"]) - set(claim.needs.datasets))
    if other:
        lacks.append(f"the data set {' or '.join(claim.needs.datasets)} (here {other[0]})")
    return ", ".join(lacks)
