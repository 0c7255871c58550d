"""Draw Fig. 1."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig1 import plot_fig1

    plot_fig1(
        surfaces=snakemake.input.surfaces,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
