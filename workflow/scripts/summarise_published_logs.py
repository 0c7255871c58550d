"""Compare our runs with the published training logs, epoch by epoch."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.published_logs.summarise import summarise_published_logs

    summarise_published_logs(
        snakemake.input.metrics,
        snakemake.input.provenance,
        snakemake.params.compared,
        logs=snakemake.input.logs,
        curves=snakemake.output.curves,
        out=snakemake.output.summary,
    )
