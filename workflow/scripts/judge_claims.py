"""Judge every claim of the study from the measured tables."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.claims import judge_claims

    tables = ("arms", "pairs", "runs", "surfaces", "quality")
    judge_claims(
        claims=ROOT / "resources" / "claims.yaml",
        tables={name: snakemake.input[name] for name in tables},
        out=snakemake.output.claims,
        settings_out=snakemake.output.settings,
        variants=snakemake.params.variants,
    )
