"""Time BPTT beside ST-RSBP, with and without subnormal numbers."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.bptt.settings import BpttTraining
    from strsbp.study.experiments.bptt.times import measure_times
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    measure_times(
        networks.first,
        networks.layers,
        networks.tables[0],
        networks.arm_digits,
        BpttTraining.model_validate(snakemake.params.settings),
        seed=1,
        out=snakemake.output.times,
    )
