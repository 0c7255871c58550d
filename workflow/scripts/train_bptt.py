"""Train the network of an arm by backpropagation through time; goes on from its checkpoint."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.study.experiments.bptt.measure import run_bptt
    from strsbp.study.experiments.bptt.settings import BpttTraining

    network = dict(snakemake.params.network)
    metrics = Path(snakemake.output.metrics)
    layers = [LayerSettings.model_validate(layer) for layer in network.pop("layers")]
    run_bptt(
        ArmSettings.model_validate(dict(title="BPTT", **network, **snakemake.params.sizes)),
        layers,
        read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir")),
        int(snakemake.wildcards.bptt_seed),
        BpttTraining.model_validate(snakemake.params.settings),
        metrics_path=metrics,
        provenance_path=snakemake.output.provenance,
        checkpoint_path=metrics.with_suffix(".ckpt.npz"),
        profile=snakemake.wildcards.profile,
    )
