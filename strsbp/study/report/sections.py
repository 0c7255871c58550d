"""The sections of the report, in order. Each is a function here and a template of the same name.

To add one, write the function that gathers what it shows, a template in `templates/`, and an
entry in `SECTIONS`.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from strsbp.files import ResultsError
from strsbp.study.claims import Verdict
from strsbp.study.claims.questions import load_questions
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.report.results import Results, Table
from strsbp.study.report.text import caption, duration, lead, packaged, symbols, value_text

FIGURE_DATA = {
    figure.name: [path for path in figure.data.values() if not path.startswith("resources/")]
    for figure in FIGURES
}
"""The data files that each figure draws, below the profile's results folder."""

MEDIA_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


class Section(NamedTuple):
    """One section: its anchor, which also names its template, its title and its content."""

    id: str
    title: str
    gather: Callable[[Results], dict]


def summary(results: Results) -> dict:
    """The number of claims with each verdict, and the claims in short."""
    counts = results.claims["verdict"].value_counts()
    return dict(
        claims=results.claims.to_dict("records"),
        counts=[(verdict.value, int(counts.get(verdict.value, 0))) for verdict in Verdict],
        n_untested=int(counts.get(Verdict.NOT_TESTED.value, 0)),
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
            [
                symbols(first["title"]), first["architecture"], first["dataset"],
                f"{first['n_train']:,}", f"{first['n_test']:,}", first["epochs"],
                ", ".join(str(seed) for seed in sorted(group["seed"])),
                _diverged(group),
                duration(group["seconds"].sum()),
                f"{group['median_epoch_seconds'].median():.3g} s",
            ]
        )  # fmt: skip
    headers = [
        "Arm", "Architecture", "Data", "Training images", "Test images", "Epochs", "Seeds",
        "Diverged", "Core time", "Per epoch",
    ]  # fmt: skip
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
        table=Table(headers, rows, set(range(3, len(headers))) - {6}),
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
    rows = runs[["commit", "dirty"]].drop_duplicates().dropna(subset="commit")
    return (
        ", ".join(
            f"{row.commit[:12]}{' with uncommitted changes' if row.dirty is True else ''}"
            for row in rows.astype(object).itertuples()
        )
        or "not run from a checkout"
    )


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
    path, source = results.figures[name], results.captions / f"plot_{name}.rst"
    return dict(
        id=name,
        caption=caption(source),
        alt=lead(source),
        image=data_uri(path),
        command=results.target(f"figures/{name}.png"),
        data=FIGURE_DATA.get(name, []),
        file=results.link(path),
    )


def questions(results: Results) -> dict:
    """Every open question with its answers, figures and tables, if they were measured."""
    if "answers" not in results.tables:
        return dict(questions=[], file=None)
    answers = results.table("answers", "id", "statement", "verdict", "reason")
    shown = []
    for question in load_questions(results.questions):
        tables = []
        for one in question.tables:
            frame = results.table(one.table, *one.columns, *one.where)
            for column, value in one.where.items():
                frame = frame[frame[column] == value]
            file = results.link(results.tables[one.table])
            tables.append(dict(table=frame_table(frame[one.columns]), file=file))
        shown.append(
            dict(
                id=question.id,
                question=question.question,
                text=question.text,
                answers=answers[answers["id"] == question.id].to_dict("records"),
                figures=[_figure(name, results) for name in question.figures],
                tables=tables,
            )
        )
    return dict(questions=shown, file=results.link(results.tables["answers"]))


def data_uri(path: str | Path) -> str:
    """An image file as a data URI."""
    path = Path(path)
    if path.suffix not in MEDIA_TYPES:
        raise ResultsError(f"{path} is neither svg nor png; give the report one of these.")
    try:
        content = base64.b64encode(path.read_bytes()).decode()
    except FileNotFoundError:
        raise ResultsError(f"The figure {path} is missing; draw it first.") from None
    return f"data:{MEDIA_TYPES[path.suffix]};base64,{content}"


def claims(results: Results) -> dict:
    """Every claim with its verdict and the reason for it."""
    return dict(claims=results.claims.to_dict("records"), file=results.link(results.claims_csv))


def findings(results: Results) -> dict:
    """Every finding about the published program, its verdict and its effects."""
    rows = results.table("findings", "id", "place", "statement", "verdict", "reason", "effect_text")
    shown = []
    for _, group in rows.groupby("id", sort=False):
        first = group.iloc[0].to_dict()
        shown.append(first | dict(effects=list(group["effect_text"].dropna())))
    return dict(findings=shown, file=results.link(results.tables["findings"]))


def divergence(results: Results) -> dict:
    """Fig. 4: is it the dynamics or the table?"""
    rows = results.table("divergence", "title", "sentence", "cause")
    cells = [
        [
            symbols(row.title), f"{row.failed_own} of {row.n_own}",
            f"{row.failed_other} of {row.n_other}",
            value_text(row.difference, "points", row.low, row.high),
            "–" if pd.isna(row.n_pairs) else f"{row.n_pairs:g}",
            "–" if pd.isna(row.cause) else row.cause,
        ]
        for row in rows.itertuples()
    ]  # fmt: skip
    headers = ["Arm", "Failed runs, own table", "Failed runs, table of 64",
               "Difference of last errors", "Pairs", "Cause"]  # fmt: skip
    return dict(
        sentences=list(rows["sentence"]),
        table=Table(headers, cells, {1, 2, 3, 4}),
        file=results.link(results.tables["divergence"]),
    )


def limits(results: Results) -> dict:
    """Arms trained on all images or the second data set, and the cost of the whole profile."""
    runs = results.table("runs", "arm", "seconds", "started", "n_train")
    fits = results.table("extrapolations", "title", "quantity", "value", "low", "high")
    started = pd.to_datetime(runs["started"], utc=True)
    ended = started + pd.to_timedelta(runs["seconds"], unit="s")
    arms = results.table("arms", "title", "dataset", "n_train", "at_epoch", "quantity", "mean")
    large = arms[(arms["n_train"] >= 60_000) & (arms["quantity"] == "last_test_error")]
    cells = [
        [
            symbols(row.title), row.dataset, f"{row.n_train:,}", row.at_epoch,
            value_text(row.mean, "error", row.low, row.high), row.n_seeds,
        ]
        for row in large.itertuples()
    ]  # fmt: skip
    names = {"floor": "infinitely many epochs"}
    fitted = [
        [
            symbols(row.title), row.epochs, value_text(row.last_test_error, "error"),
            names.get(row.quantity, row.quantity.replace("_", " epoch ")),
            value_text(row.value, "error", row.low, row.high),
            value_text(row.residual, "points").lstrip("+"),
        ]
        for row in fits.itertuples()
    ]  # fmt: skip
    return dict(
        core_hours=duration(runs["seconds"].sum()),
        n_runs=len(runs),
        wall_time=duration((ended.max() - started.min()).total_seconds()),
        large=bool(cells),
        large_table=Table(
            ["Arm", "Data", "Training images", "After epoch", "Test error", "Seeds"],
            cells,
            {2, 3, 4, 5},
        ),
        fits=bool(fitted),
        fits_table=Table(
            ["Arm", "Epochs", "Last test error", "Extrapolated to", "Test error", "Fit error"],
            fitted,
            {1, 2, 4, 5},
        ),
        file=results.link(results.tables["extrapolations"]),
    )


def arms(results: Results) -> dict:
    """Best and last test error of every arm, and the paired differences within each figure."""
    rows = results.table(
        "arms", "arm", "title", "at_epoch", "quantity", "mean", "low", "high", "n_seeds"
    )
    by_quantity = {
        name: group.set_index(["arm", "at_epoch"]) for name, group in rows.groupby("quantity")
    }
    best, last = by_quantity["best_test_error"], by_quantity["last_test_error"]
    cells = []
    for key, row in best.iterrows():
        other = last.loc[key]
        cells.append(
            [
                symbols(row["title"]), row["architecture"], row["dataset"],
                f"{row['n_train']:,}", key[1],
                value_text(row["mean"], "error", row["low"], row["high"]),
                value_text(other["mean"], "error", other["low"], other["high"]),
                row["n_seeds"], row["n_diverged"],
            ]
        )  # fmt: skip
    headers = [
        "Arm", "Architecture", "Data", "Training images", "After epoch", "Best test error",
        "Last test error", "Seeds", "Diverged",
    ]  # fmt: skip
    titles = rows.drop_duplicates("arm").set_index("arm")["title"]
    return dict(
        table=Table(headers, cells, {3, 4, 5, 6, 7, 8}),
        pairs=_pairs(results, titles),
        arms_file=results.link(results.tables["arms"]),
        pairs_file=results.link(results.tables["pairs"]),
    )


def _pairs(results: Results, titles) -> Table:
    """Each panel's arms minus the study's first arm, or minus the panel's first without it."""
    pairs = results.table("pairs", "arm_a", "arm_b", "at_epoch", "quantity", "difference")
    pairs = pairs[pairs["quantity"] == "best_test_error"]
    rows, seen = [], set()
    for _, figure in results.study.figures:
        for panel in figure.panels.values():
            main = next(iter(results.study.arms))
            reference = main if main in panel else panel[0]
            wanted = {(arm, reference) for arm in panel if arm != reference} - seen
            seen |= wanted
            for a, b in sorted(wanted, key=lambda pair: panel.index(pair[0])):
                rows += _pair_rows(pairs, a, b, titles)
    headers = ["Arm", "Minus", "After epoch", "Difference of best errors", "p", "Pairs"]
    return Table(headers, rows, {2, 3, 4, 5})


def _pair_rows(pairs: pd.DataFrame, a: str, b: str, titles) -> list[list]:
    found = []
    for first, second, sign in ((a, b, 1), (b, a, -1)):
        here = pairs[(pairs["arm_a"] == first) & (pairs["arm_b"] == second)]
        for row in here.to_dict("records"):
            low, high = sorted((sign * row["low"], sign * row["high"]))
            difference = value_text(sign * row["difference"], "points", low, high)
            p = "–" if pd.isna(row["p_value"]) else f"{row['p_value']:.2g}"
            found.append(
                [symbols(titles[a]), symbols(titles[b]), row["at_epoch"], difference, p,
                 row["n_pairs"]]
            )  # fmt: skip
    return found


def spsp(results: Results) -> dict:
    """The quality of the simulations and their fits, as numbers."""
    quality = results.table("quality", "spsp", "grid", "region", "quantity", "value")
    comparing = quality["spsp"].str.contains(" over ")
    comparisons = [
        [_words(row.quantity), row.spsp, _grid(row.grid), symbols(row.region), _number(row.value)]
        for row in quality[comparing].itertuples()
    ]
    quality = quality[~comparing]
    columns = quality[["spsp", "grid"]].drop_duplicates().itertuples(index=False)
    columns = [tuple(column) for column in columns]
    rows = []
    for (quantity, region), group in quality.groupby(["quantity", "region"], sort=False):
        values = {(row.spsp, row.grid): _number(row.value) for row in group.itertuples()}
        cells = [values.get(column, "") for column in columns]
        rows.append([_words(quantity), _words(region), *cells])
    headers = ["Quantity", "Counts", *(f"{spsp}, {_grid(grid)}" for spsp, grid in columns)]
    return dict(
        table=Table(headers, rows, set(range(2, len(headers)))),
        comparisons=Table(["Quantity", "Simulations", "Grid", "Counts", "Value"], comparisons, {4}),
        file=results.link(results.tables["quality"]),
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
        file=results.link(results.tables["author_tables"]),
    )


def frame_table(frame: pd.DataFrame) -> Table:
    """A small data frame, unchanged."""
    numeric = {
        index for index, name in enumerate(frame.columns)
        if pd.api.types.is_numeric_dtype(frame[name])
    }  # fmt: skip
    rows = [
        [
            "" if pd.isna(cell) else f"{cell:.4g}" if isinstance(cell, float) else symbols(cell)
            for cell in row
        ]
        for row in frame.itertuples(index=False)
    ]
    return Table([str(name).replace("_", " ") for name in frame.columns], rows, numeric)


def reading(results: Results) -> dict:
    """What differs from the study and why."""
    return dict(notes=packaged("reading_notes.yaml"))


def glossary(results: Results) -> dict:
    """Symbols and terms."""
    return dict(entries=packaged("glossary.yaml"))


SECTIONS = (
    Section("summary", "Summary", summary),
    Section("run", "What was run", run),
    Section("figures", "Figures", figures),
    Section("claims", "Claims and verdicts", claims),
    Section("divergence", "Fig. 4: dynamics or table?", divergence),
    Section("findings", "Findings about the published program", findings),
    Section("questions", "Open questions", questions),
    Section("arms", "Test errors of all arms", arms),
    Section("limits", "What the study could not do", limits),
    Section("spsp", "Simulations and fits in numbers", spsp),
    Section("author_tables", "The authors' tables and ours", author_tables),
    Section("reading", "What differs from the study, and why", reading),
    Section("glossary", "Symbols and terms", glossary),
)
