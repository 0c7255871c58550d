"""Draw the expectation of e_ij beside its simulations."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.expectation.figure import plot_expectation

    plot_expectation(
        curves=snakemake.input.curves,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
