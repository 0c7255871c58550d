"""Measure what the findings about the published program need and no other rule measures."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.findings.measure import measure_findings

    measure_findings(out=snakemake.output.measurements, **snakemake.params.simulation)
