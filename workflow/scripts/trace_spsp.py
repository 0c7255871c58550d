"""Trace one pair of neurons through the study's two listings."""

from _job import job

with job(snakemake):
    from strsbp.files import write_csv
    from strsbp.spsp.trace import trace_pair

    write_csv(trace_pair(seed=snakemake.params.seed), snakemake.output.trace)
