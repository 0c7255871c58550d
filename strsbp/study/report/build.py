"""The report as one self-contained HTML page, which also works without its script."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from strsbp.files import ResultsError, write_text
from strsbp.study.claims import Verdict
from strsbp.study.claims.judging import ANSWERS, FOUND
from strsbp.study.claims.measurements import told
from strsbp.study.report.results import Results
from strsbp.study.report.sections import SECTIONS
from strsbp.study.report.text import symbols, value_text
from strsbp.study.settings import StudySettings
from strsbp.study.summary.intervals import ALPHA

BADGES = {
    words: mark
    for verdict, mark in zip(
        Verdict,
        (("yes", "✓"), ("part", "◐"), ("no", "✗"), ("open", "?"), ("untested", "–")),
        strict=True,
    )
    for words in (verdict, FOUND[verdict], ANSWERS[verdict])
}
"""Class and mark of each verdict; the words beside the mark mean that colour is not needed."""

ENVIRONMENT = Environment(
    loader=PackageLoader("strsbp.study.report"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
ENVIRONMENT.filters |= dict(symbols=symbols)
ENVIRONMENT.globals |= dict(badges=BADGES, value_text=value_text, alpha=f"{ALPHA:g}")


def build_report(*, out: str | Path, **inputs) -> None:
    """Write the report of one profile to `out`; `inputs` are the other fields of `Results`.

    Raises `ResultsError` if a file is missing or lacks what the report shows.
    """
    results = Results(**inputs, folder=Path(out).parent)
    macros = ENVIRONMENT.get_template("macros.html").make_module(dict(results=results))
    contents = []
    for section in SECTIONS:
        with told(f"The report's section '{section.id}'", ResultsError):
            gathered = section.gather(results)
        template = ENVIRONMENT.get_template(f"{section.template or section.id}.html")
        content = template.render(gathered, results=results, macros=macros)
        contents.append((section, Markup(content), gathered.get("entries", [])))
    page = ENVIRONMENT.get_template("page.html").render(
        css=_packaged("report.css"),
        js=_packaged("report.js"),
        macros=macros,
        profile=results.study.profile,
        sections=contents,
    )
    write_text(page, out)


def write_report(
    *, files: dict, study: dict, author_tables: Path, citation: Path, html: str, **more
) -> None:
    """Write the report `html` from the `files` of a workflow job; `more` are as above."""
    tables = files | {"author_tables": author_tables}
    figures = [*tables.pop("figures"), *tables.pop("question_figures", [])]
    build_report(
        study=StudySettings.model_validate(study),
        figures={Path(path).stem: path for path in figures},
        tables=tables,
        root=citation.parent,
        out=html,
        **more,
    )


def _packaged(name: str) -> Markup:
    return Markup(Path(__file__).with_name(name).read_text(encoding="utf-8"))
