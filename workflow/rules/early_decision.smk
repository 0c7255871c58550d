"""Accuracy against cost: networks of several T, and decisions before T.

Inputs: the digits of the arm that the networks share, and the effect-ratio table of each.
Outputs: results/{profile}/early_decision/measure/seed{seed}.csv, early_decision/summary.csv
"""


rule measure_early_decision:
    input:
        digits=early_decision_digits,
        tables=early_decision_tables,
        code=code("measure_early_decision.py"),
    output:
        cost="results/{profile}/early_decision/measure/seed{seed}.csv",
    log:
        "logs/{profile}/early_decision/measure/seed{seed}.log",
    benchmark:
        "logs/{profile}/early_decision/measure/seed{seed}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    params:
        arm=early_decision_arm,
        settings=early_decision_settings,
        layers=early_decision_layers,
    message:
        "Weighing accuracy against cost with seed {wildcards.seed} ({wildcards.profile})"
    script:
        "../scripts/measure_early_decision.py"


rule summarise_early_decision:
    input:
        seeds=early_decision_seeds,
        code=code("summarise_early_decision.py"),
    output:
        summary="results/{profile}/early_decision/summary.csv",
    log:
        "logs/{profile}/early_decision/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Summarising accuracy against cost"
    script:
        "../scripts/summarise_early_decision.py"
