"""Compare e_ij with and without the study's corrections."""

from _job import job

with job(snakemake):
    from strsbp.spsp import load_surface
    from strsbp.study.experiments.corrections.summarise import summarise_corrections

    (long,), (short,) = snakemake.input.long, snakemake.input.short
    summarise_corrections(
        load_surface(long),
        load_surface(short),
        seed=snakemake.params.seed,
        out=snakemake.output.summary,
    )
