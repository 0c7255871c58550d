"""The sections of the report, in order. Each is a function here and a template of the same name.

To add one, write the function that gathers what it shows, a template in `templates/`, and an
entry in `SECTIONS`.
"""

import base64
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from strsbp.files import ResultsError
from strsbp.study.claims import Verdict
from strsbp.study.claims.judging import STUDY
from strsbp.study.claims.questions import load_questions
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.report.results import Results, Table
from strsbp.study.report.text import (
    caption,
    duration,
    filled,
    lead,
    packaged,
    read_caption,
    symbols,
    value_text,
)
from strsbp.study.summary.intervals import both_ways

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
    """The number of claims with each verdict, and the claims in short, at each setting."""
    counts = Counter(claim["verdict"] for claim in results.claims)
    views = results.table("settings", "id", "title", "setting", "epoch", "verdict")
    others = views[(views["setting"] != STUDY) & (views["epoch"] == "best")]
    by_title = {
        title: dict(zip(found["id"], found["verdict"], strict=True))
        for title, found in others.groupby("title", sort=False)
    }
    return dict(
        counts={verdict: counts[verdict] for verdict in Verdict},
        n_untested=counts[Verdict.NOT_TESTED],
        others=by_title,
        differing=[claim for claim in results.claims if claim["other_verdicts"]],
    )


def run(results: Results) -> dict:
    """Sizes, seeds, versions, machine and time of every arm."""
    runs = results.table(
        "runs", "arm", "title", "seed", "seconds", "n_train", "n_test", "epochs", "last_epoch",
        "diverged",
    )  # fmt: skip
    rows = []
    for _, group in runs.groupby("arm", sort=False):
        first = group.iloc[0]
        rows.append(
            {
                "Arm": symbols(first["title"]),
                "Architecture": first["architecture"],
                "Data": first["dataset"],
                "Training images": f"{first['n_train']:,}",
                "Test images": f"{first['n_test']:,}",
                "Epochs": first["epochs"],
                "Seeds": ", ".join(str(seed) for seed in sorted(group["seed"])),
                "Diverged": _diverged(group),
                "Core time": duration(group["seconds"].sum()),
                "Per epoch": f"{group['median_epoch_seconds'].median():.3g} s",
            }
        )
    facts = {
        "Profile": results.study.profile,
        "Runs": f"{len(runs)}, of {runs['arm'].nunique()} arms",
        "Core time": f"{duration(runs['seconds'].sum())} in total; each run uses one core",
        "Machine": _distinct(runs, "cpu", "cores", text="{cpu}, {cores:g} cores"),
        "System": _distinct(runs, "platform"),
        "Device": _distinct(runs, "device"),
        "Commit": _commits(runs),
        "Versions": "; ".join(
            f"{name.removeprefix('version_')} {_distinct(runs, name)}"
            for name in runs.columns
            if name.startswith("version_")
        ),
        "Simulations of e_ij": f"{results.study.simulation.repeats:,} repeats per cell, "
        f"seed {results.study.simulation.seed}",
        "Started": f"{runs['started'].min()} to {runs['started'].max()}",
    }
    return dict(
        facts=facts,
        table=Table.of(rows, text={"Arm", "Architecture", "Data", "Seeds"}),
        command=results.target("report.html"),
    )


def _diverged(runs: pd.DataFrame) -> str:
    """How many of an arm's runs diverged, and where: seed, epoch and first layer of each."""
    rows = runs[runs["diverged"].notna()]
    where = [
        f"seed {row.seed} in epoch {row.last_epoch}, {row.diverged}" for row in rows.itertuples()
    ]
    return f"{len(rows)} ({'; '.join(where)})" if where else "0"


def _distinct(runs: pd.DataFrame, *columns: str, text: str | None = None) -> str:
    text = text or "{" + columns[0] + "}"
    rows = runs[list(columns)].drop_duplicates().dropna().to_dict("records")
    return "; ".join(text.format(**row) for row in rows) or "unknown"


def _commits(runs: pd.DataFrame) -> str:
    changed = runs["dirty"].eq(True).map({True: " with uncommitted changes", False: ""})
    commits = runs["commit"].astype("string").str[:12] + changed
    return ", ".join(commits.dropna().unique()) or "not run from a checkout"


def figures(results: Results) -> dict:
    """The figures of the study; those of open questions are shown with the questions."""
    of_questions = {name for one in load_questions(results.questions) for name in one.figures}
    return dict(
        figures=[_figure(name, results) for name in results.figures if name not in of_questions]
    )


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
        alt=lead(text),
        image=f"data:image/svg+xml;base64,{content}",
        command=results.target(f"figures/{name}.png"),
        data=FIGURE_DATA.get(name, []),
        file=results.link(path),
    )


def questions(results: Results) -> dict:
    """Every open question with its answers, figures and tables, if they were measured."""
    if "answers" not in results.tables:
        return dict(questions=[])
    answers = results.table("answers", "id", "statement", "verdict", "reason")
    shown = []
    for question in load_questions(results.questions):
        tables = []
        for one in question.tables:
            frame = results.table(one.table, *one.columns, *one.where)
            for column, value in one.where.items():
                frame = frame[frame[column] == value]
            tables.append(dict(name=one.table, content=frame_table(frame[one.columns])))
        shown.append(
            question.model_dump(include={"id", "question"})
            | dict(
                text=filled(question.text, results.values),
                answers=answers[answers["id"] == question.id].to_dict("records"),
                figures=[_figure(name, results) for name in question.figures],
                tables=tables,
            )
        )
    return dict(questions=shown)


def findings(results: Results) -> dict:
    """Every finding about the published program, its verdict and its effects."""
    rows = results.table("findings", "id", "place", "statement", "verdict", "reason", "effect_text")
    shown = []
    for _, group in rows.groupby("id", sort=False):
        first = group.iloc[0].to_dict()
        shown.append(first | dict(effects=list(group["effect_text"].dropna())))
    return dict(findings=shown)


def divergence(results: Results) -> dict:
    """Fig. 4: is it the dynamics or the table?"""
    rows = results.table("divergence", "title", "sentence", "cause")
    cells = [
        {
            "Arm": symbols(row.title),
            "Failed runs, own table": f"{row.failed_own} of {row.n_own}",
            "Failed runs, table of 64": f"{row.failed_other} of {row.n_other}",
            "Difference of last errors": value_text(row.difference, "points", row.low, row.high),
            "Pairs": "–" if pd.isna(row.n_pairs) else f"{row.n_pairs:g}",
            "Cause": "–" if pd.isna(row.cause) else row.cause,
        }
        for row in rows.itertuples()
    ]
    return dict(
        sentences=list(rows["sentence"]),
        table=Table.of(cells, text={"Arm", "Cause"}),
    )


def limits(results: Results) -> dict:
    """Arms trained on all images or the second data set, and the cost of the whole profile."""
    runs = results.table("runs", "arm", "seconds", "started", "n_train")
    fits = results.table("extrapolations", "title", "quantity", "value", "low", "high")
    started = pd.to_datetime(runs["started"], utc=True)
    ended = started + pd.to_timedelta(runs["seconds"], unit="s")
    arms = results.table("arms", "title", "dataset", "n_train", "at_epoch", "quantity", "mean")
    large = arms[(arms["n_train"] >= 60_000) & (arms["quantity"] == "last_test_error")]
    names = {"floor": "infinitely many epochs"}
    return dict(
        core_hours=duration(runs["seconds"].sum()),
        n_runs=len(runs),
        wall_time=duration((ended.max() - started.min()).total_seconds()),
        large=Table.of(
            [
                {
                    "Arm": symbols(row.title),
                    "Data": row.dataset,
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
            "Data": row.dataset,
            "Training images": f"{row.n_train:,}",
            "After epoch": row.at_epoch,
            "Best test error": errors[row.arm, row.at_epoch, "best_test_error"],
            "Last test error": errors[row.arm, row.at_epoch, "last_test_error"],
            "Seeds": row.n_seeds,
            "Diverged": row.n_diverged,
        }
        for row in rows[rows["quantity"] == "best_test_error"].itertuples()
    ]
    titles = rows.drop_duplicates("arm").set_index("arm")["title"].map(symbols)
    return dict(
        table=Table.of(cells, text={"Arm", "Architecture", "Data"}),
        pairs=_pairs(results, titles),
    )


def _pairs(results: Results, titles) -> Table:
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
            "Arm": titles[a],
            "Minus": titles[b],
            "After epoch": row.at_epoch,
            "Difference of best errors": value_text(row.difference, "points", row.low, row.high),
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
    here = rows[fresh].set_index(key)["ours"].rename("this run")
    shown = rows.loc[~fresh, [*key, "spsp", "grid", "ours", "chance"]].join(here, on=key)
    return dict(
        table=frame_table(shown.dropna(axis="columns", how="all")),
        repeats=sorted({int(repeats) for repeats in rows["repeats"].dropna()}),
        sources=sorted(set(rows["source"].dropna())),
    )


def frame_table(frame: pd.DataFrame) -> Table:
    """A small data frame, unchanged."""
    rows = [
        {
            str(name).replace("_", " "): "" if pd.isna(cell)
            else f"{cell:.4g}" if isinstance(cell, float) else symbols(cell)
            for name, cell in row.items()
        }
        for row in frame.to_dict("records")
    ]  # fmt: skip
    text = frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]]
    return Table.of(rows, text={str(name).replace("_", " ") for name in text})


SECTIONS = (
    Section("summary", "Summary", summary),
    Section("run", "What was run", run),
    Section("figures", "Figures", figures),
    Section("claims", "Claims and verdicts", lambda _: {}),
    Section("divergence", "Fig. 4: dynamics or table?", divergence),
    Section("findings", "Findings about the published program", findings),
    Section("questions", "Open questions", questions),
    Section("arms", "Test errors of all arms", arms),
    Section("limits", "What the study could not do", limits),
    Section("spsp", "Simulations and fits in numbers", spsp),
    Section("author_tables", "The authors' tables and ours", author_tables),
    Section("reading", "What differs from the study, and why",
            lambda results: dict(notes=packaged("reading_notes.yaml", results.values))),
    Section("glossary", "Symbols and terms",
            lambda results: dict(entries=packaged("glossary.yaml", results.values))),
)  # fmt: skip
