"""Prepare one data set as a checked file, and describe it in another."""

from _job import job

with job(snakemake):
    from strsbp.data import load_dataset
    from strsbp.data.prepared import write_prepared

    digits = load_dataset(snakemake.wildcards.dataset, snakemake.resources.local_dir or None)
    write_prepared(digits, snakemake.output.description)
