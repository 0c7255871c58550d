"""Trace one pair of neurons through the study's two listings."""

from _job import job

with job(snakemake):
    from strsbp.spsp import trace_pair, write_trace

    write_trace(trace_pair(seed=snakemake.params.seed), snakemake.output.trace)
