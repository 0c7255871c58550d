"""Write the self-contained report."""

from pathlib import Path

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.report.build import build_report
    from strsbp.study.settings import StudySettings

    files = dict(snakemake.input.items())
    figures = [*files.pop("figures"), *files.pop("question_figures", [])]
    build_report(
        study=StudySettings.model_validate(snakemake.params.study),
        claims_csv=files.pop("claims"),
        figures={Path(path).stem: path for path in figures},
        topics=ROOT / "resources" / "claims.yaml",
        questions=ROOT / "resources" / "questions.yaml",
        citation=ROOT / "CITATION.cff",
        captions=ROOT / "workflow" / "report",
        tables=files | {"author_tables": ROOT / "resources" / "author_tables_comparison.csv"},
        out=snakemake.output.html,
        command=snakemake.params.command,
    )
