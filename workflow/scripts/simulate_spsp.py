"""Simulate the surface of e_ij over both spike counts for one table."""

from _job import job

with job(snakemake):
    from tqdm import tqdm

    from strsbp.settings import SimulatedTable
    from strsbp.spsp import save_surface, simulate_surface
    from strsbp.study.settings import SimulationSettings

    simulation = SimulationSettings.model_validate(snakemake.params.simulation)
    table = SimulatedTable.from_key(snakemake.wildcards.table)
    with tqdm(total=table.grid, desc=table.key, unit="row", disable=None) as bar:
        surface = simulate_surface(
            table, repeats=simulation.repeats, seed=simulation.seed, on_rows=bar.update
        )
    save_surface(surface, snakemake.output.surface)
