"""Draw the expectation of e_ij beside its simulations."""

from _job import job

with job(snakemake):
    from strsbp.figures.exact import plot_exact

    plot_exact(
        curves=snakemake.input.curves,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
