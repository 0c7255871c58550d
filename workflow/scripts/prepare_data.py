"""Prepare one set of digits as a checked file, and describe it in another."""

from _job import job

with job(snakemake):
    from strsbp.data import load_dataset
    from strsbp.data.prepared import write_prepared

    digits = load_dataset(snakemake.wildcards.dataset, local_dir=snakemake.params.local_dir)
    write_prepared(digits, snakemake.output.images, snakemake.output.description)
