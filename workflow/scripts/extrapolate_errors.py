"""Extrapolate the test errors of the arms with all images."""

from _job import job

with job(snakemake):
    from strsbp.study.summary.extrapolation import extrapolate_errors

    extrapolate_errors(
        curves=snakemake.input.curves,
        arms=snakemake.input.arms,
        out=snakemake.output.fits,
    )
