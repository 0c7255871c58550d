"""Draw BPTT beside ST-RSBP and HM2-BP."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.bptt.figure import plot_bptt

    plot_bptt(
        bptt=snakemake.input.bptt,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
