"""Draw what happens inside the networks of Fig. 4."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.divergence.figure import plot_divergence

    plot_divergence(
        curves=snakemake.input.curves,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
        **snakemake.params.figure,
    )
