"""Draw Fig. 3."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig3 import plot_fig3

    plot_fig3(
        curves=snakemake.input.curves,
        seeds=snakemake.input.seeds,
        claims=snakemake.input.claims,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
        **snakemake.params.figure,
    )
