"""The findings about the published program: measured and judged."""


use rule call as measure_findings with:
    output:
        out="results/{profile}/findings/measurements.csv",
    log:
        "logs/{profile}/findings/measure.log",
    benchmark:
        "results/{profile}/benchmarks/findings/measure.tsv"
    params:
        **calls("strsbp.study.experiments.findings.measure.measure_findings"),
    message:
        "Measuring what the published program does"


use rule call as judge_findings with:
    input:
        if_asked(**summaries("regularisation", "published_logs")),
        **TRAINED,
        quality=rules.summarise_spsp.output.quality_csv,
        gradients=rules.summarise_gradients.output.gradients,
        denominators=rules.summarise_gradients.output.denominators,
        measured=rules.measure_findings.output.out,
    output:
        out=report(
            "results/{profile}/judge_findings/verdicts.csv",
            caption="../report/judge_findings.rst",
            category="Findings",
        ),
    log:
        "logs/{profile}/judge_findings.log",
    params:
        **calls("strsbp.study.claims.judging.judge_findings", findings="resources/findings.yaml"),
        gathered="tables",
    message:
        "Judging the findings about the published program"
