"""Draw the denominators and gradients of several arms."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.gradients.figure import plot_gradients

    plot_gradients(
        gradients=snakemake.input.gradients,
        denominators=snakemake.input.denominators,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
