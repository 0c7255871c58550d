"""Train the network of an arm by backpropagation through time, resuming from its checkpoint."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.study.experiments.bptt.measure import run_bptt
    from strsbp.study.experiments.bptt.settings import BpttTraining
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    metrics = Path(snakemake.output.metrics)
    run_bptt(
        networks.first,
        networks.layers,
        networks.digits,
        int(snakemake.wildcards.bptt_seed),
        BpttTraining.model_validate(snakemake.params.settings),
        metrics_path=metrics,
        provenance_path=snakemake.output.provenance,
        checkpoint_path=metrics.with_suffix(".ckpt.npz"),
        profile=snakemake.wildcards.profile,
    )
