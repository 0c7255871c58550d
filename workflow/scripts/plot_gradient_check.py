"""Draw gradients beside the true one."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.gradient_check.figure import plot_gradient_check

    plot_gradient_check(
        truth=snakemake.input.truth, png=snakemake.output.png, svg=snakemake.output.svg
    )
