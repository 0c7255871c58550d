"""Train one cell of the grids of time constants and thresholds, once for each seed."""

from _job import job

with job(snakemake):
    from tqdm import tqdm

    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.study.experiments.sweep.measure import measure_cell, read_table_of
    from strsbp.study.experiments.sweep.settings import Cell

    arm = ArmSettings.model_validate(snakemake.params.arm)
    cell = Cell.from_key(snakemake.wildcards.cell)
    how = snakemake.params.training
    digits = read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir"))
    n_images = (how["n_train"] + how["n_test"]) * how["epochs"] * len(how["seeds"])
    with tqdm(total=n_images, desc=cell.key, unit="image", disable=None) as bar:
        measure_cell(
            cell,
            arm,
            [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
            read_table_of(snakemake.input.tables, cell.table(arm).key),
            digits.first(how["n_train"], how["n_test"]),
            epochs=how["epochs"],
            seeds=how["seeds"],
            out=snakemake.output.metrics,
            tick=bar.update,
        )
