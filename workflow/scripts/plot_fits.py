"""Draw the ranking of fits."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.fits.figure import plot_fits

    plot_fits(
        fits=snakemake.input.fits,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
