"""The report as one self-contained HTML page, which also works without its script."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from strsbp.files import ResultsError, write_text
from strsbp.study.claims.measurements import told
from strsbp.study.claims.rules import WORDS
from strsbp.study.claims.units import format_measured, format_value
from strsbp.study.report.results import Results
from strsbp.study.report.sections import SECTIONS
from strsbp.study.report.text import symbols
from strsbp.study.settings import StudySettings
from strsbp.study.summary.intervals import ALPHA

BADGES = {
    name: words
    for verdict, words in WORDS.items()
    for name in (verdict, words["finding"], words["answer"])
}
"""Keyed by every name of a verdict. A badge has a mark and words, so it does not rely on colour."""

ENVIRONMENT = Environment(
    loader=PackageLoader("strsbp.study.report"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
ENVIRONMENT.filters |= dict(symbols=symbols)
ENVIRONMENT.globals |= dict(
    badges=BADGES, format_value=format_value, format_measured=format_measured, alpha=f"{ALPHA:g}"
)


def build_report(
    *,
    files: Mapping,
    study: StudySettings | dict,
    author_tables: Path,
    citation: Path,
    command: str,
    html: str | Path,
) -> None:
    """Write the report of one profile to `html`.

    `files`: results files by name, with lists of svg files as `figures` and, if the open questions
    were answered, as `question_figures`; `citation`: a file in the root of the repository;
    `command`: as in `Results`. Raises `ResultsError` if a file is missing or lacks what the report
    shows.
    """
    tables = {**files, "author_tables": author_tables}
    figures = [*tables.pop("figures"), *tables.pop("question_figures", [])]
    results = Results(
        study=StudySettings.model_validate(study),
        tables=tables,
        figures={Path(path).stem: path for path in figures},
        root=citation.parent,
        folder=Path(html).parent,
        command=command,
    )
    macros = ENVIRONMENT.get_template("macros.html").make_module(dict(results=results))
    contents = []
    for section in SECTIONS:
        with told(f"The report's section '{section.id}'", ResultsError):
            gathered = section.gather(results)
        template = ENVIRONMENT.get_template(f"{section.template or section.id}.html")
        content = template.render(gathered, results=results, macros=macros)
        contents.append((section, Markup(content), gathered.get("entries", [])))
    page = ENVIRONMENT.get_template("page.html").render(
        macros=macros, profile=results.study.profile, sections=contents
    )
    write_text(page, html)
