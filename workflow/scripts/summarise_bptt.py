"""Compare BPTT with ST-RSBP and HM2-BP."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.bptt.summarise import summarise_bptt

    summarise_bptt(
        **{
            method: list(
                zip(snakemake.input[method], snakemake.input[f"{method}_provenance"], strict=True)
            )
            for method in ("strsbp", "hm2bp", "bptt")
        },
        times=snakemake.input.get("times", []),
        settings=snakemake.params.settings,
        network=snakemake.params.network,
        out=snakemake.output.summary,
    )
