"""Summarise the grids of time constants and thresholds: errors, ranks, lines, failed runs."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.settings import ArmSettings
    from strsbp.study.experiments.sweep.settings import SweepSettings
    from strsbp.study.experiments.sweep.summarise import summarise_sweep

    summarise_sweep(
        {Path(path).stem: path for path in snakemake.input.scans},
        settings=SweepSettings.model_validate(snakemake.params.settings),
        arm=ArmSettings.model_validate(snakemake.params.arm),
        out=snakemake.output.summary,
    )
