"""Summarise all runs of a study: curves, arms, pairs of arms, and the runs themselves."""

from _job import job

with job(snakemake):
    from strsbp.study.summary import summarise_training

    summarise_training(
        list(snakemake.input.metrics),
        list(snakemake.input.provenance),
        **dict(snakemake.output.items()),
    )
