"""Judge every claim of the study by the measured tables."""

from _job import job

with job(snakemake):
    from strsbp.study.claims import judge_claims

    tables = ("arms", "pairs", "runs", "surfaces", "quality")
    judge_claims(
        claims=snakemake.input.claims,
        tables={name: snakemake.input[name] for name in tables},
        out=snakemake.output.claims,
    )
