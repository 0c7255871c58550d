"""Draw Fig. 7b."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig7b import plot_fig7b

    plot_fig7b(
        surfaces=snakemake.input.surfaces,
        claims=snakemake.input.claims,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
