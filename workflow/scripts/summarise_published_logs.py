"""Compare our runs with the published training logs, epoch by epoch."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.experiments.published_logs.summarise import summarise_published_logs

    summarise_published_logs(
        snakemake.input.metrics,
        snakemake.input.provenance,
        snakemake.params.compared,
        logs=ROOT / "resources" / "published_logs.csv",
        curves=snakemake.output.curves,
        out=snakemake.output.summary,
    )
