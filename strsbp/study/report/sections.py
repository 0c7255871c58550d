"""The sections of the report, in order. Each is a function here and a template of its name.

To add one, write the function that gathers what it shows, a template in `templates/`, and an
entry in `SECTIONS`; one that is a text and tables is an entry of sections.yaml instead. An entry
`entries` of what a function gathers, with an `id` and a `title` for each part of the section, goes
to the contents of the page.
"""

import base64
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from strsbp.files import ResultsError, read_yaml
from strsbp.study.claims.entries import ShownTable, filled
from strsbp.study.claims.judging import STUDY
from strsbp.study.claims.rules import Verdict
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.report.answers import counted, headline, topics
from strsbp.study.report.results import Results
from strsbp.study.report.tables import Table, shown
from strsbp.study.report.text import all_filled, duration, packaged, symbols
from strsbp.study.summary.costs import core_time
from strsbp.study.summary.intervals import both_ways

MAIN_FIGURE = "fig2"
FIGURE_DATA = {figure.name: list(figure.data.values()) for figure in FIGURES}
"""The data files that each figure draws, below the profile's results folder."""


class Section(NamedTuple):
    """One section: its anchor, its title, its content and, if not named like it, its template."""

    id: str
    title: str
    gather: Callable[[Results], dict]
    template: str = ""


def summary(results: Results) -> dict:
    """What was studied, what came of it in a few sentences, and the main figure."""
    cited = read_yaml(results.root / "CITATION.cff", ResultsError)["references"]
    return dict(
        study=_reference(cited[0]),
        method=_reference(cited[1]),
        counted=counted(results.claims, "Of the study's {} claims, "),
        answers=headline(results),
        sizes=_sizes(results),
        figures=[_figure(MAIN_FIGURE, results)],
    )


def _reference(entry: dict) -> dict:
    """A reference of CITATION.cff: authors, title and where it appeared, with a link."""
    names = [f"{one['given-names']} {one['family-names']}" for one in entry["authors"]]
    eprints = [one["value"] for one in entry.get("identifiers", []) if "arXiv:" in one["value"]]
    return dict(
        authors=" and ".join([", ".join(names[:-1]), names[-1]]),
        title=entry["title"],
        place=", ".join(str(entry[key]) for key in ("journal", "year") if key in entry),
        eprint=eprints[0] if eprints else "",
    )


def _sizes(results: Results) -> str:
    """The size of the study's main arm, in words."""
    runs = results.table("runs", "arm", "seed", "n_train", "n_test", "epochs", "dataset")
    main = runs[runs["arm"] == next(iter(results.study.arms))]
    if main.empty:
        return ""
    first = main.iloc[0]
    return (
        f"{first['n_train']:,} training and {first['n_test']:,} test images of "
        f"{_data(first['dataset'])}, {first['epochs']} epochs, seeds {_seeds(main)}"
    )


def _data(name: str) -> str:
    """The title of a data set."""
    return packaged("words.yaml")["values"].get(name, name)


def _seeds(runs: pd.DataFrame) -> str:
    seeds = sorted(runs["seed"])
    run_on = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]} to {seeds[-1]}" if run_on else ", ".join(map(str, seeds))


def verdicts(results: Results) -> dict:
    """The claims in short, by topic, with the verdicts at other settings of the training."""
    views = results.table("settings", "id", "title", "setting", "epoch", "verdict")
    views = views[(views["setting"] != STUDY) & (views["epoch"] == "best")]
    views = views[views["verdict"] != Verdict.NOT_TESTED]
    others = {
        title: dict(zip(found["id"], found["verdict"], strict=True))
        for title, found in views.groupby("title", sort=False)
    }
    n_differing = sum(bool(claim["other_verdicts"]) for claim in results.claims)
    n_compared = len({name for verdicts in others.values() for name in verdicts})
    return dict(
        topics=topics(results), others=others, n_differing=n_differing, n_compared=n_compared
    )


def claims(results: Results) -> dict:
    """Every topic with its answer, its figures and the reasons for its verdicts."""
    return dict(entries=[_drawn(topic, results) for topic in topics(results)])


def _drawn(topic: dict, results: Results) -> dict:
    """A topic or a question with its figures and tables as the page shows them."""
    figures = {
        place: [_figure(name, results) for name in topic[place] if name in results.figures]
        for place in ("figures", "more")
    }
    return topic | figures | dict(tables=[shown(one, results) for one in topic["tables"]])


def run(results: Results) -> dict:
    """Sizes, seeds, versions, machine and time of every arm, and the command that makes it all."""
    runs = results.table(
        "runs", "arm", "seed", "seconds", "n_train", "n_test", "epochs", "last_epoch", "diverged",
        "silent", "started",
    )  # fmt: skip
    epoch = " in epoch " + runs["last_epoch"].astype(str)
    runs = runs.assign(diverged=runs["diverged"].astype("string") + epoch)
    rows = []
    for arm, group in runs.groupby("arm", sort=False):
        first = group.iloc[0]
        rows.append(
            {
                "Arm": symbols(results.titles.get(arm, first["title"])),
                "Network": first["architecture"],
                "Data": _data(first["dataset"]),
                "Training images": f"{first['n_train']:,}",
                "Test images": f"{first['n_test']:,}",
                "Epochs": first["epochs"],
                "Seeds": _seeds(group),
                "Diverged": _where(group, "diverged"),
                "Silent layers": _where(group, "silent"),
                "Time": duration(group["seconds"].sum()),
                "Per epoch": f"{group['median_epoch_seconds'].median():.3g} s",
            }
        )
    costs = [
        {"Jobs": row.kind, "Number": row.jobs, "Time": duration(row.seconds)}
        for row in core_time(results.folder).itertuples()
    ]
    return dict(
        sentences=_provenance(runs, results),
        tables=[
            Table.of("All arms: sizes, seeds, time", "runs", rows),
            Table.of("Time of all jobs, on one core each", "", costs),
        ],
        command=results.target("report.html"),
    )


def _provenance(runs: pd.DataFrame, results: Results) -> list[str]:
    """When, where and by what the results were made, in words."""
    simulation = results.study.simulation
    days = sorted(runs["started"].dropna().str[:10])
    when = f", started from {days[0]} to {days[-1]}" if days else ""
    versions = [
        f"{name.removeprefix('version_')} {_distinct(runs[name].replace('not installed', None))}"
        for name in runs.columns
        if name.startswith("version_")
    ]
    systems = runs["platform"].map(lambda name: re.sub(r"^(\w+)-([\d.]+).*", r"\1 \2", str(name)))
    cores = _distinct(runs["cores"].map("{:g}".format))
    commits = Counter(runs["commit"].dropna().str[:12])
    changed = sum(runs["dirty"].eq(True))
    listed = ", ".join(f"{commit} ({n} run{'s' if n > 1 else ''})" for commit, n in commits.items())
    costs, training = core_time(results.folder), duration(runs["seconds"].sum())
    sentences = [
        f"{len(runs)} training runs of {runs['arm'].nunique()} arms took {training}, on "
        f"one core each{when}; all {costs['jobs'].sum():,} jobs whose time was recorded took "
        f"{duration(costs['seconds'].sum())}.",
        f"Machine: {_distinct(runs['cpu'])} with {cores} cores, {_distinct(systems)}; trained on "
        f"the {_distinct(runs['device'].str.upper())}.",
        f"Versions: {'; '.join(versions)}.",
        f"Commits of the code: {listed}." if commits else "The code was not run from a checkout.",
        f"{changed} runs were started with uncommitted changes." if changed else "",
        f"e_ij was simulated with {simulation.repeats:,} random pairs of spike trains per pair of "
        f"counts, seed {simulation.seed}.",
    ]
    return [sentence for sentence in sentences if sentence]


def _where(runs: pd.DataFrame, column: str) -> str:
    """How many of an arm's runs have a text in `column`, and which; 0 if none."""
    rows = runs[runs[column].notna()]
    found = [f"seed {row.seed}: {getattr(row, column)}" for row in rows.itertuples()]
    return f"{len(rows)} ({'; '.join(found)})" if found else "0"


def _distinct(values: pd.Series) -> str:
    return " or ".join(str(value) for value in values.dropna().unique()) or "unknown"


def _figure(name: str, results: Results) -> dict:
    """A figure as an inlined image, with its caption, command and data."""
    path = Path(results.figures[name])
    return dict(
        id=name,
        caption=(results.root / f"workflow/report/plot_{name}.rst").read_text(encoding="utf-8"),
        alt=packaged("alts.yaml")[name],
        image=f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}",
        command=results.target(f"figures/{name}.png"),
        data=FIGURE_DATA[name],
        file=results.link(path),
    )


def questions(results: Results) -> dict:
    """Every open question with its answers, figures and tables, if they were measured."""
    if "answers" not in results.tables:
        return dict(entries=[])
    answers = results.table("answers", "id", "statement", "what", "verdict", "reason")
    entries = []
    for question in results.topics("questions"):
        judged = answers[answers["id"] == question.id].to_dict("records")
        asked = dict(
            question,
            id=f"question-{question.id}",
            title=filled(question.title, results.values),
            text=filled(question.text, results.values),
            leads=question.leads(judged),
            claims=judged,
        )
        entries.append(_drawn(asked, results))
    return dict(entries=entries)


def findings(results: Results) -> dict:
    """Every finding about the published program, its verdict and its effects."""
    rows = results.table("findings", "id", "place", "statement", "verdict", "reason", "effect_text")
    shown = []
    for _, group in rows.groupby("id", sort=False):
        first = group.iloc[0].to_dict()
        shown.append(first | dict(effects=list(group["effect_text"].dropna())))
    return dict(findings=shown, counts=Counter(one["verdict"] for one in shown))


def _texts(name: str) -> Callable[[Results], dict]:
    """A section of sections.yaml, with the results files that it shows."""

    def gather(results: Results) -> dict:
        found = all_filled(packaged("sections.yaml")[name], results.values)
        tables = [ShownTable(**one) for one in found.get("tables", [])]
        own = {"pairs": _pairs(results)} if name == "arms" else {}
        return found | dict(tables=[shown(one, results, own.get(one.table)) for one in tables])

    return gather


def _pairs(results: Results) -> pd.DataFrame:
    """Each panel's arms minus the study's first arm, or minus the panel's first without it."""
    pairs = both_ways(results.table("pairs", "arm_a", "arm_b", "at_epoch", "quantity", "p_value"))
    main = next(iter(results.study.arms))
    wanted = {}  # a dictionary for its order
    for _, figure in results.study.figures:
        for panel in figure.panels.values():
            reference = main if main in panel else panel[0]
            wanted |= dict.fromkeys((arm, reference) for arm in panel if arm != reference)
    return pd.DataFrame(list(wanted), columns=["arm_a", "arm_b"]).merge(pairs)


SECTIONS = (
    Section("summary", "The answer", summary),
    Section("verdicts", "The verdicts", verdicts),
    Section("claims", "The claims, by question", claims),
    Section("findings", "Findings about the published program", findings),
    Section("questions", "Open questions", questions),
    Section("limits", "What the study could not do", _texts("limits"), "tables"),
    Section("reading", "What differs from the study, and why", _texts("reading")),
    Section("arms", "Test errors of all arms", _texts("arms"), "tables"),
    Section(
        "spsp", "Simulations and fits in numbers, and the authors' tables", _texts("spsp"), "tables"
    ),
    Section("run", "How it was made", run),
    Section("glossary", "Symbols and terms", _texts("glossary")),
)
