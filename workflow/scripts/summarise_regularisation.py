"""Summarise the regularisation sweep: means over seeds, and arms paired by seed."""

from _job import job

with job(snakemake):
    from strsbp.settings import ArmSettings
    from strsbp.study.experiments.regularisation.settings import RegularisationSettings
    from strsbp.study.experiments.regularisation.summarise import summarise_regularisation

    summarise_regularisation(
        snakemake.input.cells,
        settings=RegularisationSettings.model_validate(snakemake.params.settings),
        arms={
            name: ArmSettings.model_validate(arm)
            for name, arm in snakemake.params.networks["arms"].items()
        },
        out=snakemake.output.summary,
    )
