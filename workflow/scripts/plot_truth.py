"""Draw gradients beside the true one."""

from _job import job

with job(snakemake):
    from strsbp.figures.truth import plot_truth

    plot_truth(truth=snakemake.input.truth, png=snakemake.output.png, svg=snakemake.output.svg)
