"""Compare simulations of e_ij with their expectation."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.settings import SimulatedTable
    from strsbp.spsp import load_surface
    from strsbp.spsp.curves import read_curve
    from strsbp.study.experiments.expectation.summarise import summarise_expectation

    summarise_expectation(
        map(load_surface, snakemake.input.surfaces),
        [
            read_curve(SimulatedTable.from_key(Path(path).stem), path)
            for path in snakemake.input.curves
        ],
        table=snakemake.output.summary,
        drawn=snakemake.output.curves,
    )
