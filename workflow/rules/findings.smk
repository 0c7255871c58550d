"""The findings about the published program: measured and judged.

Inputs: results/{profile}/summarise_training, summarise_spsp and gradients, resources/findings.yaml
Outputs: results/{profile}/findings/measurements.csv and judge_findings/verdicts.csv
"""

from strsbp.study.claims.entries import load_findings

in_one_sentence(load_findings)(beside(of_repository("resources/findings.yaml")))


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
        unpack(
            branch(
                setting("open_questions"),
                then=dict(
                    regularisation="results/{profile}/regularisation/summary.csv",
                    published_logs="results/{profile}/published_logs/summary.csv",
                ),
            )
        ),
        arms=rules.summarise_training.output.arms,
        pairs=rules.summarise_training.output.pairs,
        runs=rules.summarise_training.output.runs,
        quality=rules.summarise_spsp.output.quality_csv,
        gradients=rules.measure_gradients.output.gradients,
        denominators=rules.measure_gradients.output.denominators,
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
