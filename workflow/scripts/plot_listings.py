"""Draw the comparison of the two listings."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.listings import plot_listings

    plot_listings(
        trace=snakemake.input.trace,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
