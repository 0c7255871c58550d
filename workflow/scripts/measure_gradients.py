"""Compare the gradients of several arms on the same weights and samples."""

from _job import job

with job(snakemake):
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.spsp import read_table
    from strsbp.study.experiments.gradients.measure import measure_gradients
    from strsbp.study.experiments.gradients.settings import GradientSettings

    arms = {name: ArmSettings.model_validate(arm) for name, arm in snakemake.params.arms.items()}
    first = next(iter(arms.values()))
    digits = read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir"))
    measure_gradients(
        arms,
        [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
        dict(zip(arms, map(read_table, snakemake.input.tables), strict=True)),
        digits.first(first.n_train, first.n_test),
        GradientSettings.model_validate(snakemake.params.gradients),
        gradients=snakemake.output.gradients,
        denominators=snakemake.output.denominators,
    )
