"""The sections of the report, in order. Each is a function here and a template of the same name.

To add one, write the function that gathers what it shows, a template in `templates/`, and an
entry in `SECTIONS`. An entry `entries` of what it gathers, with an `id` and a `title` for each part
of the section, goes to the contents of the page.
"""

import base64
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from strsbp.files import ResultsError, read_yaml
from strsbp.study.claims import Verdict
from strsbp.study.claims.judging import STUDY
from strsbp.study.claims.questions import ShownTable, load_questions
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.report.answers import headline, topics
from strsbp.study.report.results import Results, Table
from strsbp.study.report.text import (
    caption,
    duration,
    filled,
    packaged,
    read_caption,
    symbols,
    value_text,
)
from strsbp.study.summary.costs import core_time
from strsbp.study.summary.extrapolation import ALL_IMAGES
from strsbp.study.summary.intervals import both_ways

MAIN_FIGURE = "fig2"
FIGURE_DATA = {
    figure.name: [path for path in figure.data.values() if not path.startswith("resources/")]
    for figure in FIGURES
}
"""The data files that each figure draws, below the profile's results folder."""


class Section(NamedTuple):
    """One section: its anchor, which also names its template, its title and its content."""

    id: str
    title: str
    gather: Callable[[Results], dict]


def summary(results: Results) -> dict:
    """What was studied, what came of it in a few sentences, and the main figure."""
    cited = read_yaml(results.citation, ResultsError)["references"]
    return dict(
        study=_reference(cited[0]),
        method=_reference(cited[1]),
        sentences=headline(results),
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
    return dict(topics=topics(results), others=others, n_differing=n_differing)


def claims(results: Results) -> dict:
    """Every topic with its answer, its figures and the reasons of its verdicts."""
    elsewhere = {name for one in load_questions(results.questions) for name in one.figures}
    further = [name for name in results.figures if name not in elsewhere | {MAIN_FIGURE}]
    shown = [
        topic
        | {
            place: [_figure(name, results) for name in topic[place]]
            for place in ("figures", "more")
        }
        for topic in topics(results, further)
    ]
    return dict(topics=shown, entries=shown, divergence=divergence(results))


def run(results: Results) -> dict:
    """Sizes, seeds, versions, machine and time of every arm, and the command that makes it all."""
    runs = results.table(
        "runs", "arm", "seed", "seconds", "n_train", "n_test", "epochs", "last_epoch", "diverged",
        "silent", "started",
    )  # fmt: skip
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
                "Diverged": _diverged(group),
                "Silent layers": _where(group, "silent"),
                "Core time": duration(group["seconds"].sum()),
                "Per epoch": f"{group['median_epoch_seconds'].median():.3g} s",
            }
        )
    return dict(
        sentences=_provenance(runs, results),
        table=Table.of(rows, text={"Arm", "Network", "Data", "Seeds", "Diverged", "Silent layers"}),
        costs=Table.of(
            [
                {"Jobs": row.kind, "Number": row.jobs, "Core time": duration(row.seconds)}
                for row in core_time(results.folder).itertuples()
            ],
            text={"Jobs"},
        ),
        command=results.target("report.html"),
    )


def _provenance(runs: pd.DataFrame, results: Results) -> list[str]:
    """When, where and by what the results were made, in words."""
    simulation = results.study.simulation
    days = sorted(runs["started"].dropna().str[:10])
    when = f", started from {days[0]} to {days[-1]}" if days else ""
    versions = [
        f"{name.removeprefix('version_')} {_distinct(runs[name])}"
        for name in runs.columns
        if name.startswith("version_")
    ]
    systems = runs["platform"].map(lambda name: re.sub(r"^(\w+)-([\d.]+).*", r"\1 \2", str(name)))
    cores = _distinct(runs["cores"].map("{:g}".format))
    commits = Counter(runs["commit"].dropna().str[:12])
    changed = sum(runs["dirty"].eq(True))
    listed = ", ".join(f"{commit} ({n} runs)" for commit, n in commits.items())
    costs, training = core_time(results.folder), duration(runs["seconds"].sum())
    sentences = [
        f"{len(runs)} training runs of {runs['arm'].nunique()} arms took {training} of core time, "
        f"one core each{when}; all {costs['jobs'].sum():,} jobs whose time was recorded took "
        f"{duration(costs['seconds'].sum())}.",
        f"Machine: {_distinct(runs['cpu'])} with {cores} cores, {_distinct(systems)}; trained on "
        f"the {_distinct(runs['device'])}.",
        f"Versions: {'; '.join(versions)}.",
        f"Commits of the code: {listed}." if commits else "The code was not run from a checkout.",
        f"{changed} runs were started with uncommitted changes." if changed else "",
        f"e_ij was simulated with {simulation.repeats:,} random pairs of spike trains per pair of "
        f"counts, seed {simulation.seed}.",
    ]
    return [sentence for sentence in sentences if sentence]


def _diverged(runs: pd.DataFrame) -> str:
    """How many of an arm's runs diverged, and where: seed, first layer and epoch of each."""
    epoch = " in epoch " + runs["last_epoch"].astype(str)
    return _where(runs.assign(diverged=runs["diverged"].astype("string") + epoch), "diverged")


def _where(runs: pd.DataFrame, column: str) -> str:
    """How many of an arm's runs have a text in `column`, and which; 0 if none."""
    rows = runs[runs[column].notna()]
    found = [f"seed {row.seed}: {getattr(row, column)}" for row in rows.itertuples()]
    return f"{len(rows)} ({'; '.join(found)})" if found else "0"


def _distinct(values: pd.Series) -> str:
    return " or ".join(str(value) for value in values.dropna().unique()) or "unknown"


def _figure(name: str, results: Results) -> dict:
    """A figure as an inlined image, with its caption, command and data."""
    if name not in results.figures:
        raise ResultsError(f"The report shows a figure '{name}', which was not drawn.")
    path, source = Path(results.figures[name]), results.captions / f"plot_{name}.rst"
    try:
        content = base64.b64encode(path.read_bytes()).decode()
    except FileNotFoundError:
        raise ResultsError(f"The figure {path} is missing; draw it first.") from None
    text = read_caption(source, results.values)
    return dict(
        id=name,
        caption=caption(text, source),
        alt=packaged("alts.yaml").get(name, name),
        image=f"data:image/svg+xml;base64,{content}",
        command=results.target(f"figures/{name}.png"),
        data=FIGURE_DATA.get(name, []),
        file=results.link(path),
    )


def questions(results: Results) -> dict:
    """Every open question with its answers, figures and tables, if they were measured."""
    if "answers" not in results.tables:
        return dict(entries=[])
    answers = results.table("answers", "id", "statement", "verdict", "reason")
    shown = []
    for question in load_questions(results.questions):
        judged = answers[answers["id"] == question.id].to_dict("records")
        leads = [one.statement for one in question.statements if one.lead]
        shown.append(
            dict(
                id=f"question-{question.id}",
                title=filled(question.question, results.values),
                text=filled(question.text, results.values),
                leads=[one for one in judged if one["statement"] in leads] or judged[:1],
                answers=judged,
                figures=[_figure(name, results) for name in question.figures],
                tables=[_shown(one, results) for one in question.tables],
            )
        )
    return dict(entries=shown)


def _shown(one: ShownTable, results: Results) -> dict:
    """A table of an open question: its caption, its file and its rows, in words and units."""
    frame = results.table(one.table, *one.columns, *one.where)
    for column, value in one.where.items():
        frame = frame[frame[column] == value]
    words, rows = packaged("words.yaml"), []
    names = results.titles | words["values"]
    for row in frame[one.columns].to_dict("records"):
        cells = {}
        for column in one.columns:
            base = column.removesuffix("low").removesuffix("high").rstrip("_") or "mean"
            if base != column and base in one.columns:
                continue  # in the cell of the value
            prefix = "" if column == "mean" else f"{column}_"
            unit = one.unit if column == "mean" else words["units"].get(column, "number")
            value, header = row[column], words["headings"].get(column, column.replace("_", " "))
            if isinstance(value, float):
                ends = (row.get(f"{prefix}low"), row.get(f"{prefix}high"))
                value = value_text(value, unit, *ends)
            cells[symbols(header)] = symbols(names.get(value, value))
        rows.append(cells)
    text = {
        symbols(words["headings"].get(column, column.replace("_", " ")))
        for column in one.columns
        if not pd.api.types.is_numeric_dtype(frame[column])
    }
    return dict(caption=one.caption, name=one.table, content=Table.of(rows, text=text))


def findings(results: Results) -> dict:
    """Every finding about the published program, its verdict and its effects."""
    rows = results.table("findings", "id", "place", "statement", "verdict", "reason", "effect_text")
    shown = []
    for _, group in rows.groupby("id", sort=False):
        first = group.iloc[0].to_dict()
        shown.append(first | dict(effects=list(group["effect_text"].dropna())))
    return dict(findings=shown, counts=Counter(one["verdict"] for one in shown))


def divergence(results: Results) -> Table:
    """Fig. 4: is it the dynamics or the table?"""
    rows = results.table("divergence", "title", "cause")
    header = "Own minus table of 64, last errors"
    cells = [
        {
            "Arm": symbols(row.title),
            "Failed runs, own table": f"{row.failed_own} of {row.n_own}",
            "Failed runs, table of 64": f"{row.failed_other} of {row.n_other}",
            header: value_text(row.difference, "points", row.low, row.high),
            "p, adjusted": "–" if pd.isna(row.p_adjusted) else f"{row.p_adjusted:.2g}",
            "Pairs": "–" if pd.isna(row.n_pairs) else f"{row.n_pairs:g}",
            "Cause": "–" if pd.isna(row.cause) else row.cause,
        }
        for row in rows.itertuples()
    ]
    return Table.of(cells, text={"Arm", "Cause"})


def limits(results: Results) -> dict:
    """Arms trained on all images or the second data set."""
    fits = results.table("extrapolations", "title", "quantity", "value", "low", "high")
    arms = results.table("arms", "title", "dataset", "n_train", "at_epoch", "quantity", "mean")
    large = arms[(arms["n_train"] >= ALL_IMAGES) & (arms["quantity"] == "last_test_error")]
    names = {"floor": "infinitely many epochs"}
    return dict(
        large=Table.of(
            [
                {
                    "Arm": symbols(row.title),
                    "Data": _data(row.dataset),
                    "Training images": f"{row.n_train:,}",
                    "After epoch": row.at_epoch,
                    "Test error": value_text(row.mean, "error", row.low, row.high),
                    "Seeds": row.n_seeds,
                }
                for row in large.itertuples()
            ],
            text={"Arm", "Data"},
        ),
        fits=Table.of(
            [
                {
                    "Arm": symbols(row.title),
                    "Epochs": row.epochs,
                    "Last test error": value_text(row.last_test_error, "error"),
                    "Extrapolated to": names.get(
                        row.quantity, row.quantity.replace("_", " epoch ")
                    ),
                    "Test error": value_text(row.value, "error", row.low, row.high),
                    "Fit error": value_text(row.residual, "points").lstrip("+"),
                }
                for row in fits.itertuples()
            ],
            text={"Arm", "Extrapolated to"},
        ),
    )


def arms(results: Results) -> dict:
    """Best and last test error of every arm, and the paired differences within each figure."""
    rows = results.table(
        "arms", "arm", "title", "at_epoch", "quantity", "mean", "low", "high", "n_seeds"
    )
    errors = {
        key: value_text(row["mean"], "error", row["low"], row["high"])
        for key, row in rows.set_index(["arm", "at_epoch", "quantity"]).iterrows()
    }
    cells = [
        {
            "Arm": symbols(row.title),
            "Architecture": row.architecture,
            "Data": _data(row.dataset),
            "Training images": f"{row.n_train:,}",
            "After epoch": row.at_epoch,
            "Best test error": errors[row.arm, row.at_epoch, "best_test_error"],
            "Last test error": errors[row.arm, row.at_epoch, "last_test_error"],
            "Seeds": row.n_seeds,
            "Diverged": row.n_diverged,
        }
        for row in rows[rows["quantity"] == "best_test_error"].itertuples()
    ]
    return dict(
        table=Table.of(cells, text={"Arm", "Architecture", "Data"}),
        pairs=_pairs(results),
    )


def _pairs(results: Results) -> Table:
    """Each panel's arms minus the study's first arm, or minus the panel's first without it."""
    pairs = both_ways(results.table("pairs", "arm_a", "arm_b", "at_epoch", "quantity", "p_value"))
    pairs = pairs[pairs["quantity"] == "best_test_error"]
    main = next(iter(results.study.arms))
    wanted = {}  # a dictionary for its order
    for _, figure in results.study.figures:
        for panel in figure.panels.values():
            reference = main if main in panel else panel[0]
            wanted |= dict.fromkeys((arm, reference) for arm in panel if arm != reference)
    cells = [
        {
            "Arm": symbols(results.titles[a]),
            "Minus": symbols(results.titles[b]),
            "After epoch": row.at_epoch,
            "Difference": value_text(row.difference, "points", row.low, row.high),
            "p": "–" if pd.isna(row.p_value) else f"{row.p_value:.2g}",
            "Pairs": row.n_pairs,
        }
        for a, b in wanted
        for row in pairs[(pairs["arm_a"] == a) & (pairs["arm_b"] == b)].itertuples()
    ]
    return Table.of(cells, text={"Arm", "Minus"})


def spsp(results: Results) -> dict:
    """The quality of the simulations and their fits, as numbers."""
    quality = results.table("quality", "spsp", "grid", "region", "quantity", "value")
    comparing = quality["spsp"].str.contains(" over ")
    comparisons = [
        {
            "Quantity": _words(row.quantity),
            "Simulations": row.spsp,
            "Grid": _grid(row.grid),
            "Counts": symbols(row.region),
            "Value": _number(row.value),
        }
        for row in quality[comparing].itertuples()
    ]
    quality = quality[~comparing]
    columns = list(quality[["spsp", "grid"]].drop_duplicates().itertuples(index=False, name=None))
    rows = []
    for (quantity, region), group in quality.groupby(["quantity", "region"], sort=False):
        values = {(row.spsp, row.grid): _number(row.value) for row in group.itertuples()}
        rows.append(
            {"Quantity": _words(quantity), "Counts": _words(region)}
            | {f"{spsp}, {_grid(grid)}": values.get((spsp, grid), "") for spsp, grid in columns}
        )
    return dict(
        table=Table.of(rows, text={"Quantity", "Counts"}),
        comparisons=Table.of(comparisons, text={"Quantity", "Simulations", "Grid", "Counts"}),
    )


def _words(name: str) -> Markup:
    """The name of a column or row as words; spike counts in it stay symbols."""
    if name.startswith("r2_in_"):
        return symbols(f"R² of a straight line in {name.removeprefix('r2_in_')}")
    return symbols(name.replace("_", " "))


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _grid(grid: float) -> str:
    return f"{grid:g} x {grid:g}"


def author_tables(results: Results) -> dict:
    """Our tables compared with the authors'."""
    rows = results.table(
        "author_tables", "file", "spsp", "grid", "measure", "ours", "chance", "repeats", "source",
        "tables",
    )  # fmt: skip
    key = ["file", "measure"]
    fresh = rows["tables"] == "this run"
    here = rows[fresh].set_index(key)["ours"].rename("here")
    kept = rows[~fresh].join(here, on=key)
    cells = [
        {
            "File": row.file,
            "Simulation": row.spsp,
            "Grid": _grid(row.grid),
            "Measure": row.measure.replace("_", " ").replace("rms", "RMS"),
            "Ours": _share(row.ours, row.measure),
            "Chance": _share(row.chance, row.measure),
            "This run": _share(row.here, row.measure),
        }
        for row in kept.itertuples()
    ]
    return dict(
        table=Table.of(cells, text={"File", "Simulation", "Measure"}),
        repeats=sorted({int(repeats) for repeats in rows["repeats"].dropna()}),
        sources=sorted(set(rows["source"].dropna())),
    )


def _share(value: float, measure: str) -> str:
    """A relative difference in per cent; a ratio of values is a number."""
    return value_text(value, "number" if measure.endswith("ratio") else "error")


SECTIONS = (
    Section("summary", "The answer", summary),
    Section("verdicts", "The verdicts", verdicts),
    Section("claims", "The claims, by question", claims),
    Section("findings", "Findings about the published program", findings),
    Section("questions", "Open questions", questions),
    Section("limits", "What the study could not do", limits),
    Section("reading", "What differs from the study, and why",
            lambda results: dict(notes=packaged("reading_notes.yaml", results.values))),
    Section("arms", "Test errors of all arms", arms),
    Section("spsp", "Simulations and fits in numbers", spsp),
    Section("author_tables", "The authors' tables and ours", author_tables),
    Section("run", "How it was made", run),
    Section("glossary", "Symbols and terms",
            lambda results: dict(terms=packaged("glossary.yaml", results.values))),
)  # fmt: skip
