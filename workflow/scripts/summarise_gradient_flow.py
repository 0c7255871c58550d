"""Summarise how far back in time gradients reach."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.gradient_flow.summarise import summarise_gradient_flow

    summarise_gradient_flow(snakemake.input.norms, out=snakemake.output.summary)
