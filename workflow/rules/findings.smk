"""The findings about the published program: measured and judged.

Inputs: results/{profile}/summarise_training, summarise_spsp and measure_gradients,
resources/findings.yaml
Outputs: results/{profile}/findings/measurements.csv and judge_findings/verdicts.csv
"""


rule measure_findings:
    input:
        code=code("measure_findings.py"),
    output:
        findings="results/{profile}/findings/measurements.csv",
    log:
        "logs/{profile}/findings/measure.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        simulation=study_setting("simulation"),
    message:
        "Measuring what the published program does"
    script:
        "../scripts/measure_findings.py"


rule judge_findings:
    input:
        findings=FINDINGS,
        arms="results/{profile}/summarise_training/arms.csv",
        pairs="results/{profile}/summarise_training/pairs.csv",
        runs="results/{profile}/summarise_training/runs.csv",
        quality="results/{profile}/summarise_spsp/quality.csv",
        gradients="results/{profile}/gradients/gradients.csv",
        denominators="results/{profile}/gradients/denominators.csv",
        measured="results/{profile}/findings/measurements.csv",
        code=code("judge_findings.py"),
    output:
        verdicts=report(
            "results/{profile}/judge_findings/verdicts.csv",
            caption="../report/judge_findings.rst",
            category="Findings",
        ),
    log:
        "logs/{profile}/judge_findings.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Judging the findings about the published program"
    script:
        "../scripts/judge_findings.py"
