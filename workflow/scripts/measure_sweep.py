"""Train one cell of the sweep of time constants and thresholds, once per seed."""

from _job import job

with job(snakemake):
    from tqdm import tqdm

    from strsbp.study.experiments.sweep.measure import measure_cell, read_table_of
    from strsbp.study.experiments.sweep.settings import Cell
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    cell = Cell.from_key(snakemake.wildcards.cell)
    how = snakemake.params.training
    n_images = (how["n_train"] + how["n_test"]) * how["epochs"] * len(how["seeds"])
    with tqdm(total=n_images, desc=cell.key, unit="image", disable=None) as bar:
        measure_cell(
            cell,
            networks.first,
            networks.layers,
            read_table_of(snakemake.input.simulated, cell.table(networks.first).key),
            networks.digits.first(how["n_train"], how["n_test"]),
            epochs=how["epochs"],
            seeds=how["seeds"],
            out=snakemake.output.metrics,
            tick=bar.update,
        )
