"""Draw Fig. 2."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig2 import plot_fig2

    plot_fig2(
        curves=snakemake.input.curves,
        seeds=snakemake.input.seeds,
        claims=snakemake.input.claims,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
        **snakemake.params.figure,
    )
