"""Prepare one set of digits as a single checked file."""

from _job import job

with job(snakemake):
    from strsbp.data import load_dataset, save_digits

    digits = load_dataset(snakemake.wildcards.dataset, local_dir=snakemake.params.local_dir)
    save_digits(snakemake.output.digits, digits)
