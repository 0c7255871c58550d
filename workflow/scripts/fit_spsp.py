"""Fit one polynomial for each input count and write the table in the authors' format."""

from _job import job

with job(snakemake):
    from strsbp.spsp import fit_surface, load_surface, write_table

    write_table(fit_surface(load_surface(snakemake.input.surface)), snakemake.output.table)
