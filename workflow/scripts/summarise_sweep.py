"""Summarise the sweep of time constants and thresholds: errors, ranks, lines, failed runs."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.settings import ArmSettings
    from strsbp.study.experiments.sweep.settings import SweepSettings
    from strsbp.study.experiments.sweep.summarise import summarise_sweep

    summarise_sweep(
        {(Path(path).parts[-3], Path(path).stem): path for path in snakemake.input.cells},
        settings=SweepSettings.model_validate(snakemake.params.settings),
        arms={
            name: ArmSettings.model_validate(arm)
            for name, arm in snakemake.params.networks["arms"].items()
        },
        out=snakemake.output.summary,
    )
