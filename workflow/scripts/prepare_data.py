"""Prepare one set of digits as a checked file, and describe it in another."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.data import load_dataset
    from strsbp.data.prepared import write_prepared

    digits = load_dataset(snakemake.wildcards.dataset, snakemake.resources.local_dir or None)
    description = Path(snakemake.output.description)
    write_prepared(digits, description.with_suffix(".npz"), description)
