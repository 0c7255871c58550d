"""Compare each neuron's total potential over the threshold with its spike count (Eq. 3)."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.activation.measure import measure_activation
    from strsbp.study.experiments.activation.settings import ActivationSettings
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    measure_activation(
        networks.first,
        networks.layers,
        networks.tables[0],
        networks.arm_digits,
        ActivationSettings.model_validate(snakemake.params.settings),
        out=snakemake.output.summary,
    )
