"""Rank the fits of e_ij by their errors and by how networks train with them."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.settings import ArmSettings, SimulatedTable
    from strsbp.spsp import load_surface
    from strsbp.spsp.curves import read_curve
    from strsbp.study.experiments.fits.summarise import summarise_fits

    settings = snakemake.params.networks["arms"]
    metrics = {name: [] for name in settings}
    for path in snakemake.input.metrics:
        metrics[Path(path).parent.name].append(path)
    (curve,) = snakemake.input.curve
    summarise_fits(
        {name: ArmSettings.model_validate(arm) for name, arm in settings.items()},
        metrics,
        [load_surface(path) for path in snakemake.input.surfaces],
        read_curve(SimulatedTable.from_key(Path(curve).stem), curve),
        epochs=snakemake.params.epochs,
        out=snakemake.output.summary,
    )
