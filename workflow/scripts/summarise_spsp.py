"""Summarise the simulations and their fits, and compare them with the authors' tables."""

import os

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.summary.spsp import summarise_spsp

    summarise_spsp(
        list(snakemake.input.surfaces),
        list(snakemake.input.fits),
        author_comparison=ROOT / "resources" / "author_tables_comparison.csv",
        surfaces_csv=snakemake.output.surfaces,
        quality_csv=snakemake.output.quality,
        author_csv=snakemake.output.author_tables,
        reference_dir=os.environ.get("STRSBP_REFERENCE_DIR"),
    )
