"""Simulate and fit the effect-ratio table of every pair of time constants in the grid."""

from _job import job

with job(snakemake):
    from tqdm import tqdm

    from strsbp.settings import SimulatedTable
    from strsbp.study.experiments.sweep.measure import simulate_tables

    tables = [SimulatedTable.from_key(key) for key in snakemake.params.tables]
    n_rows = sum(table.grid for table in tables)
    with tqdm(total=n_rows, desc=f"{len(tables)} tables", unit="row", disable=None) as bar:
        simulate_tables(
            tables,
            repeats=snakemake.params.repeats,
            seed=snakemake.params.seed,
            out=snakemake.output.tables,
            on_rows=bar.update,
        )
