"""The report as one self-contained HTML page, without scripts and external fonts or images."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from strsbp.files import ResultsError, write_text
from strsbp.study.claims import Verdict
from strsbp.study.claims.findings import WORDS
from strsbp.study.claims.measurements import told
from strsbp.study.claims.questions import WORDS as ANSWERS
from strsbp.study.report.results import Results
from strsbp.study.report.sections import SECTIONS, Section
from strsbp.study.report.text import symbols, value_text
from strsbp.study.settings import StudySettings

BADGES = {
    Verdict.REPRODUCES.value: ("yes", "✓"),
    Verdict.IN_PART.value: ("part", "◐"),
    Verdict.DOES_NOT.value: ("no", "✗"),
    Verdict.NOT_TESTED.value: ("untested", "–"),
}
BADGES |= {
    words[verdict]: BADGES[verdict.value] for words in (WORDS, ANSWERS) for verdict in Verdict
}
"""Class and mark of each verdict; the words beside the mark mean that colour is not needed."""

WANTED_TABLES = (
    "arms", "pairs", "runs", "quality", "author_tables", "findings", "divergence", "extrapolations",
)  # fmt: skip


def build_report(
    *,
    study: StudySettings,
    claims_csv: str | Path,
    tables: Mapping[str, str | Path],
    figures: Mapping[str, str | Path],
    captions: str | Path,
    questions: str | Path,
    out: str | Path,
    command: str = "snakemake",
    results_dir: str | Path | None = None,
    sections: Sequence[Section] = SECTIONS,
) -> None:
    """Write the report of one profile to `out`.

    `tables` are the results files by name: `WANTED_TABLES` and, if the open questions were
    answered, `answers` and the results files that these show. `figures` are the svg or png files by
    name (`fig1` ...), `captions` is the folder with `plot_<figure>.rst`, `questions` the file of
    open questions. `command` precedes the target in the commands shown; links start from
    `results_dir`, by default the folder of `out`.
    Raises `ResultsError` when a file is missing or lacks what the report shows.
    """
    missing = [name for name in WANTED_TABLES if name not in tables]
    if missing:
        raise ResultsError(f"The report needs the results file '{missing[0]}'; name its path.")
    results = Results(
        study=study,
        claims_csv=Path(claims_csv),
        tables=tables,
        figures=figures,
        captions=Path(captions),
        questions=Path(questions),
        folder=Path(results_dir or Path(out).parent),
        command=command,
    )
    environment = Environment(
        loader=PackageLoader("strsbp.study.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= dict(symbols=symbols)
    environment.globals |= dict(badges=BADGES, value_text=value_text)
    contents = []
    for section in sections:
        with told(f"The report's section '{section.id}'", ResultsError):
            gathered = section.gather(results)
        contents.append((section, environment.get_template(f"{section.id}.html").render(gathered)))
    page = environment.get_template("page.html").render(
        css=Markup(Path(__file__).with_name("report.css").read_text(encoding="utf-8")),
        profile=study.profile,
        sections=[(section, Markup(content)) for section, content in contents],
    )
    write_text(page, out)
