"""Judge every finding about the published program from the measured tables."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.claims.findings import judge_findings

    judge_findings(
        findings=ROOT / "resources" / "findings.yaml",
        tables=dict(snakemake.input.items()),
        out=snakemake.output.verdicts,
    )
