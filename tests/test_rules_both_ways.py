"""Every rule of the shipped files says yes of some results and no of others."""

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from strsbp.study.claims.entries import load_findings, load_topics
from strsbp.study.claims.measurements import Measure, Tables
from strsbp.study.claims.rules import Context, Ordered, SingleRun, Verdict, Within

RESOURCES = ROOT / "resources"
DRAWS = 400
RUNS = 5


def shipped():
    """Every statement that is judged, as a parameter."""
    for finding in load_findings(RESOURCES / "findings.yaml"):
        if finding.rule.kind != "not_measured":
            yield pytest.param(finding, id=finding.id)
    for name in ("claims", "questions"):
        for topic in load_topics(RESOURCES / f"{name}.yaml"):
            for number, one in enumerate(topic.statements):
                yield pytest.param(one, id=one.id or f"{topic.id}-{number}")


def leaves(rule):
    """The rules without parts."""
    parts = getattr(rule, "rules", None)
    return [leaf for part in parts for leaf in leaves(part)] if parts else [rule]


class Invented:
    """Rows of results files, one value at a time; the value that is set last counts."""

    def __init__(self):
        self.rows = {}

    def row(self, measure: Measure) -> dict:
        key = measure.table, tuple(sorted(measure.where.items()))
        return self.rows.setdefault(key, dict(measure.where))

    def set(self, measure: Measure, value):
        row = self.row(measure)
        column = measure.column or "mean"
        row[column] = value
        start = "" if column == "mean" else f"{column}_"
        row |= {f"{start}low": value - 1e-9, f"{start}high": value + 1e-9}

    def tables(self, runs, pairs):
        frames = {"runs": runs, "pairs": pairs}
        for (name, _), row in self.rows.items():
            frames.setdefault(name, []).append(row)
        found = Tables(dict.fromkeys(frames, ""))
        found._frames = {name: pd.DataFrame(rows) for name, rows in frames.items()}
        return found


def invented(rule, published, random) -> Tables:
    """Results in which each part of `rule` holds or fails by chance, most often all alike."""
    rows, runs, pairs = Invented(), [], []
    shared, mixed = random.random() < 0.5, random.random() < 0.5
    for leaf in random.permutation(leaves(rule)):
        holds = random.random() < 0.5 if mixed else shared
        if isinstance(leaf, Within):
            low = leaf.above if leaf.low is None else leaf.low
            high = leaf.below if leaf.high is None else leaf.high
            if leaf.tolerance is not None:
                low, high = published - leaf.tolerance, published + leaf.tolerance
            inside = low if high is None else high if low is None else (low + high) / 2
            step = 1e-3 * max(1.0, abs(inside)) * (1 if high is None else -1 if low is None else 0)
            beyond = random.choice([1, 2e-3])
            outside = high + beyond if high is not None else low - beyond
            value = inside + step if holds else outside
            measure, *divisors = leaf.measures()
            for divisor in divisors:
                known = rows.row(measure).get(measure.column or "mean")
                if known and value:
                    rows.set(divisor, known / value)
                else:
                    scale = rows.row(divisor).get(divisor.column or "mean", 2.0)
                    rows.set(divisor, scale)
                    rows.set(measure, scale * value)
            if not divisors:
                rows.set(measure, value)
        elif isinstance(leaf, SingleRun):
            (measure,) = leaf.measures()
            rows.set(measure, published + (0 if holds else 1))
            rows.row(measure)["n_seeds"] = RUNS
        elif isinstance(leaf, Ordered):
            rising = (leaf.direction == "increasing") == holds
            for step, measure in enumerate(leaf.measures()):
                rows.set(measure, float(step if rising else -step))
        elif leaf.kind == "diverges":
            error = 0.9 if leaf.expected == holds else 0.1
            runs += [dict(arm=leaf.arm, seed=seed, last_test_error=error, diverged=None)
                     for seed in range(RUNS)]  # fmt: skip
        else:
            names = leaf.compared()[:: 1 if leaf.kind == "paired_differs" else -1]
            for number, a in enumerate(names):
                for b in names[number + 1 :]:
                    # Equal errors answer "differ" with no; a gain answers "better" with yes.
                    far = holds or leaf.kind != "paired_differs"
                    difference = (-0.1 if holds else 0.1) if far else 0.0
                    pairs.append(
                        dict(arm_a=a, arm_b=b, at_epoch=leaf.at_epoch, quantity=leaf.quantity,
                             difference=difference, low=difference - 1e-4, high=difference + 1e-4,
                             p_value=1e-6, n_pairs=RUNS, n_diverged_a=0, n_diverged_b=0)
                    )  # fmt: skip
    unique = {(row["arm_a"], row["arm_b"], row["quantity"]): row for row in pairs}
    return rows.tables(runs, list(unique.values()))


@pytest.mark.parametrize("one", [*shipped()])
def test_a_rule_can_say_yes_and_no(one):
    random = np.random.default_rng(1)
    missing = {Verdict.REPRODUCES, Verdict.DOES_NOT}
    for _ in range(DRAWS):
        tables = invented(one.rule, one.published, random)
        context = Context(tables, one.published, one.unit)
        missing -= {one.rule.judge(context).verdict}
        if not missing:
            return
    pytest.fail(f"no results give {' or '.join(missing)}")
