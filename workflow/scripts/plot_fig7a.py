"""Draw Fig. 7a."""

from _job import job

with job(snakemake):
    from strsbp.study.figures.fig7a import plot_fig7a

    plot_fig7a(
        surfaces=snakemake.input.surfaces,
        claims=snakemake.input.claims,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
