"""Judge every finding about the published program from the measured tables."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.claims.findings import judge_findings

    names = ("arms", "pairs", "runs", "quality", "gradients", "denominators", "measured")
    judge_findings(
        findings=ROOT / "resources" / "findings.yaml",
        tables={name: snakemake.input[name] for name in names},
        out=snakemake.output.verdicts,
    )
