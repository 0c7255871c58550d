"""Single measured values, looked up in the results files that the claims refer to."""

import copy
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from math import exp, hypot, inf, isnan, nan
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from strsbp.errors import ClaimsError, StrsbpError, in_words
from strsbp.files import read_csv
from strsbp.settings import Closed
from strsbp.study.experiments import EXPERIMENTS, OPEN_QUESTIONS
from strsbp.study.summary.intervals import both_ways, holm, p_beyond

TableName = Literal[
    "arms", "pairs", "runs", "curves", "surfaces", "quality", "author_tables", "gradients",
    "denominators", "measured", *EXPERIMENTS,
]  # fmt: skip
"""Results files; that of most experiments is its summary.csv."""


@contextmanager
def told(what: str, kind: type[StrsbpError] = ClaimsError):
    """Raise the errors of the block as one sentence that begins with `what`."""
    try:
        yield
    except ClaimsError as error:
        raise ClaimsError(f"{what}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:  # a missing column, text for a number
        raise kind(
            f"{what} does not fit the results files ({in_words(error)}); make them again."
        ) from error


class Measure(Closed):
    """One number of a results file: the value in `column` of the one row that matches `where`."""

    table: TableName
    """Name of the results file."""
    where: dict[str, str | int | float | None]
    """Column: value. If `at_epoch` was not reached, the last measured epoch is taken."""
    column: str | None = None
    """Column of the value; by default `mean`, or else `value`. Its 95 % interval is in the columns
    `<column>_low` and `<column>_high`; for `mean`, in `low` and `high`, or 1.96 times
    `standard_error` to either side. Likewise its p, raw (`p_value`) and corrected
    (`p_adjusted`)."""

    @property
    def sized(self) -> bool:
        """Whether the sizes in its row are its own; those beside the error of a fit are not."""
        return self.table != "fits" or not (self.column or "").startswith(("value", "derivative"))

    def __hash__(self):  # of its own, because a dictionary has none
        return hash((self.table, self.column, frozenset(self.where.items())))

    def changed(self, where: Mapping) -> "Measure":
        """The same column of the row that meets these conditions and `where`; None drops one."""
        chosen = {name: one for name, one in (self.where | where).items() if one is not None}
        return Measure(table=self.table, where=chosen, column=self.column)


class Measured(NamedTuple):
    """A value and its 95 % interval, NaN without one."""

    value: float
    low: float = nan
    high: float = nan
    p_value: float = nan
    p_adjusted: float = nan
    """p that the true value is 0, raw and corrected for its family of tests, if the file has it."""

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval; without one, the value twice."""
        return (self.value, self.value) if isnan(self.low) else (self.low, self.high)

    def over(self, divisor: "Measured") -> "Measured":
        """This value divided by another.

        If both are positive and have an interval, so has the quotient: on a logarithmic scale, the
        relative widths of both add up like independent errors, which is too wide if they rise and
        fall together.
        """
        value = self.value / divisor.value
        if isnan(self.low + divisor.low) or min(self.value, divisor.value) <= 0:
            return Measured(value)
        spread = hypot(*((one.high - one.low) / 2 / one.value for one in (self, divisor)))
        return Measured(value, value * exp(-spread), value * exp(spread))


class Pair(NamedTuple):
    """A paired test of whether two arms differ, by more than the margin."""

    arm_a: str
    arm_b: str
    at_epoch: int
    quantity: str
    margin: float = 0


class Border(NamedTuple):
    """A test of whether a measured value differs from a border."""

    measure: Measure
    border: float


Test = Pair | Border


class Tables:
    """The results files by name, read when first needed."""

    def __init__(self, paths: Mapping[str, str | Path]):
        self._paths = paths
        self._frames: dict[str, pd.DataFrame] = {}
        self.variant, self._quantity = "", "best_test_error"

    def seen(self, variant: str = "", quantity: str = "best_test_error") -> "Tables":
        """These tables with every arm replaced by that of the set `variant` (if any), and the best
        test error by another `quantity`."""
        seen = copy.copy(self)
        seen.variant, seen._quantity = variant, quantity
        return seen

    def _replaced(self, column: str, wanted):
        if column in ("arm", "arm_a", "arm_b") and self.variant:
            return f"{self.variant}_{wanted}"
        return self._quantity if wanted == "best_test_error" else wanted

    def frame(self, name: str) -> pd.DataFrame:
        """The results file called `name`, with every pair of arms both ways round.

        Raises `ClaimsError` if it was not given, `ResultsError` if it cannot be read.
        """
        if name not in self._frames:
            if name not in self._paths:
                raise ClaimsError(f"A claim needs the results file '{name}', which was not given.")
            frame = read_csv(self._paths[name])
            self._frames[name] = both_ways(frame) if name == "pairs" else frame
        return self._frames[name]

    def rows(self, name: str, where: Mapping) -> pd.DataFrame:
        """All rows of file `name` that match `where`; raises `ClaimsError` as `select` does."""
        rows = self.frame(name)
        for column, wanted in where.items():
            _check_column(name, rows.columns, column)
            rows = rows[rows[column] == self._replaced(column, wanted)]
        return rows

    def select(self, name: str, where: Mapping) -> pd.Series | None:
        """The one row of file `name` that matches `where`, or None.

        Raises `ClaimsError` for an unknown column or if several rows match.
        """
        rows = self.rows(name, {key: one for key, one in where.items() if key != "at_epoch"})
        if "at_epoch" in where and not rows.empty:
            reached = rows.loc[rows["at_epoch"] <= where["at_epoch"], "at_epoch"]
            rows = rows[rows["at_epoch"] == reached.max()]
        if len(rows) > 1:
            chosen = ", ".join(f"{key} = {value}" for key, value in where.items())
            raise ClaimsError(
                f"A claim's selection ({chosen}) matches {len(rows)} rows of '{name}'."
            )
        return None if rows.empty else rows.iloc[0]

    def measure(self, measure: Measure) -> Measured | None:
        """The value that `measure` points at, or None if it was not measured."""
        if measure.table in OPEN_QUESTIONS and measure.table not in self._paths:
            return None  # a study that leaves the open questions out
        row = self.select(measure.table, measure.where)
        if row is None:
            return None
        column = measure.column or ("mean" if "mean" in row.index else "value")
        _check_column(measure.table, row.index, column)
        value = float(row[column])
        if isnan(value):
            return None
        low = high = nan
        start = "" if column == "mean" or measure.table == "pairs" else f"{column}_"
        if {f"{start}low", f"{start}high"} <= set(row.index):
            low, high = float(row[f"{start}low"]), float(row[f"{start}high"])
        elif column == "mean" and "standard_error" in row.index:
            spread = 1.96 * float(row["standard_error"])
            low, high = value - spread, value + spread
        p_values = (float(row.get(f"{start}{name}", nan)) for name in ("p_value", "p_adjusted"))
        return Measured(value, low, high, *p_values)

    def adjusted(self, tests: Iterable[Test]) -> dict[Test, float]:
        """Holm's adjusted p of those of the `tests` of one family that were made.

        Those that their file corrects itself are left out.
        """
        p_values = {test: self.p_value(test) for test in tests if not self._corrected(test)}
        p_values = {test: p for test, p in p_values.items() if not isnan(p)}
        return dict(zip(p_values, holm(list(p_values.values())), strict=True))

    def p_value(self, test: Test) -> float:
        """The raw p of a test, or NaN if it was not made.

        A value whose file has no p for this border gets that of the distribution which has the end
        of its 95 % interval that is nearer to the border: the t distribution of its `n_seeds`, or
        without these the normal one.
        """
        if isinstance(test, Pair):
            pair = self.pair(*test[:-1])
            if pair is None:
                return nan
            if not test.margin:
                return float(pair["p_value"])
            spread = pair["high"] - pair["difference"]
            return p_beyond(abs(pair["difference"]) - test.margin, spread, pair["n_pairs"])
        found = self.measure(test.measure)
        if found is None:
            return nan
        if test.border == 0 and not isnan(found.p_value):
            return found.p_value
        distance = found.value - test.border
        spread = found.value - found.low if distance > 0 else found.high - found.value
        n_seeds = self.select(test.measure.table, test.measure.where).get("n_seeds", nan)
        return p_beyond(abs(distance), spread, inf if isnan(n_seeds) else n_seeds)

    def _corrected(self, test: Test) -> bool:
        found = self.measure(test.measure) if isinstance(test, Border) else None
        return found is not None and not isnan(found.p_adjusted)

    def pair(self, arm_a: str, arm_b: str, at_epoch: int, quantity: str) -> pd.Series | None:
        """The paired difference `arm_a - arm_b`, whichever way round it is in the file."""
        return self.select(
            "pairs", dict(arm_a=arm_a, arm_b=arm_b, at_epoch=at_epoch, quantity=quantity)
        )


def _check_column(table: str, known: pd.Index, column: str) -> None:
    if column not in known:
        raise ClaimsError(f"A claim names '{column}', which is not a column of '{table}'.")
