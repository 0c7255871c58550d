"""Draw Fig. 6."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig6 import plot_fig6

    plot_fig6(
        curves=snakemake.input.curves,
        seeds=snakemake.input.seeds,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
        **snakemake.params.figure,
    )
