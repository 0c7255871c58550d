"""Draw Fig. 4."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig4 import plot_fig4

    plot_fig4(
        curves=snakemake.input.curves,
        seeds=snakemake.input.seeds,
        claims=snakemake.input.claims,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
        **snakemake.params.figure,
    )
