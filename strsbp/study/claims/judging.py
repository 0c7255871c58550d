"""The claims of the study, and their verdicts from measured files."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, get_args

import pandas as pd
from pydantic import Field, create_model

from strsbp.errors import ClaimsError, SettingsError
from strsbp.files import ResultsError, numbers, read_csv, read_yaml, write_csv
from strsbp.settings import Closed, checked
from strsbp.study.claims.measurements import Tables, told
from strsbp.study.claims.rules import AnyRule, Context, Judgement, Verdict
from strsbp.study.claims.units import Unit

COLUMNS = [
    "id", "place", "statement", "published", "measured", "low", "high", "unit", "what",
    "verdict", "reason", "note",
]  # fmt: skip


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


def judge_claims(*, claims: str | Path, tables: Mapping[str, str | Path], out: str | Path) -> None:
    """Judge every claim of the file `claims` by the results files `tables`; write `out` (csv).

    Raises `ClaimsError` when the claims file is malformed or does not fit the results.
    """
    results = Tables(tables)
    rows = []
    for claim in load_claims(claims):
        with told(f"Claim '{claim.id}'"):
            rows.append(claim.model_dump(include=set(COLUMNS)) | judge(claim, results)._asdict())
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def read_judged(path: str | Path) -> pd.DataFrame:
    """The csv that `judge_claims` wrote; raises `ResultsError` if it has other content.

    A missing text is empty, a missing number is NaN.
    """
    frame = read_csv(path, COLUMNS)[COLUMNS]
    for name in COLUMNS:
        if name in ("published", "measured", "low", "high"):
            frame[name] = numbers(frame, name, path)
        else:
            frame[name] = frame[name].astype(object).fillna("").astype(str)
    for name, known in (("verdict", list(Verdict)), ("unit", get_args(Unit))):
        if not frame[name].isin(known).all():
            raise ResultsError(f"{path} has an unknown '{name}'; make it again.")
    return frame


def judge(claim: Claim, tables: Tables) -> Judgement:
    """The verdict on one claim; below its minimal size the measured value is still given."""
    judged = claim.rule.judge(Context(tables, claim.published, claim.unit))
    return judged.unless(_too_small(claim, tables)) if claim.needs else judged


def _too_small(claim: Claim, tables: Tables) -> str:
    """What the arms of the claim lack, in words; empty if they are large enough."""
    rows = []
    for arm, at_epoch in claim.rule.arms():
        where = dict(arm=arm, quantity="best_test_error")
        row = tables.select("arms", where | dict(at_epoch=at_epoch or claim.needs.epochs))
        if row is None:
            return f"a measurement of the arm {arm}"
        rows.append(row)
    if not rows:
        return ""
    sizes = pd.DataFrame(rows)
    seeds = sizes["n_seeds"] + sizes["n_diverged"]
    smallest = sizes[["n_train", "n_test", "at_epoch"]].min()
    lacks = claim.needs.lacks(*smallest, seeds.min())
    other = sorted(set(sizes["dataset"]) - set(claim.needs.datasets))
    if other:
        lacks.append(f"the data set {' or '.join(claim.needs.datasets)} (here {other[0]})")
    return ", ".join(lacks)
