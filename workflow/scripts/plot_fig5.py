"""Draw Fig. 5."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig5 import plot_fig5

    plot_fig5(
        trace=snakemake.input.trace,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
