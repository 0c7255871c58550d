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
        tables=files | {"author_tables": ROOT / "resources" / "author_tables_comparison.csv"},
        figures={Path(path).stem: path for path in figures},
        root=ROOT,
        out=snakemake.output.html,
        command=snakemake.params.command,
    )
