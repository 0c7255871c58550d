"""Summarise accuracy against operations over seeds."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.early_decision.summarise import summarise_early_decision

    summarise_early_decision(snakemake.input.seeds, out=snakemake.output.summary)
