"""Draw the grids of time constants and thresholds."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.sweep.figure import plot_sweep

    plot_sweep(
        constants=snakemake.input.constants,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
