"""Write the self-contained report."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.study.report.build import WANTED_TABLES, build_report
    from strsbp.study.settings import StudySettings

    build_report(
        study=StudySettings.model_validate(snakemake.params.study),
        claims_csv=snakemake.input.claims,
        tables={name: snakemake.input[name] for name in (*WANTED_TABLES, *snakemake.params.names)},
        figures={Path(path).stem: path for path in snakemake.input.figures},
        questions=snakemake.input.questions,
        captions=Path(snakemake.input.captions[0]).parent,
        out=snakemake.output.html,
        command=snakemake.params.command,
    )
