"""Summarise accuracy against cost over seeds."""

from _job import job

with job(snakemake):
    from strsbp.beyond.cost_summary import summarise_cost

    summarise_cost(snakemake.input.seeds, out=snakemake.output.cost)
