"""Compare readings of the ablation with the difference that the study measured."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.claims import published_value
    from strsbp.study.experiments.ablation.summarise import summarise_ablation

    summarise_ablation(
        seeds=snakemake.input.seeds,
        arms=snakemake.input.arms,
        published=published_value(ROOT / "resources" / "claims.yaml", "strsbp_better_after_10"),
        out=snakemake.output.summary,
        **snakemake.params.compared,
    )
