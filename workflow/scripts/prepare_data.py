"""Prepare one data set as a checked file, and describe it in another."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.data.prepared import load, write_prepared

    digits = load(snakemake.wildcards.dataset, snakemake.resources.local_dir or None)
    description = Path(snakemake.output.description)
    write_prepared(digits, description.with_suffix(".npz"), description)
