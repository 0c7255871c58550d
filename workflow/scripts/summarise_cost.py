"""Summarise accuracy against cost over seeds."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.early_decision.summarise import summarise_cost

    summarise_cost(snakemake.input.seeds, out=snakemake.output.cost)
