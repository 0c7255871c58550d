"""Judge every claim of the study from the measured tables."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.claims import judge_claims

    judge_claims(
        claims=ROOT / "resources" / "claims.yaml",
        tables=dict(snakemake.input.items()),
        out=snakemake.output.claims,
        settings_out=snakemake.output.settings,
        variants=snakemake.params.variants,
    )
