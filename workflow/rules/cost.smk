"""Accuracy against cost: networks of several T, and decisions before T.

Inputs: the digits of the arm that the networks share, and the effect-ratio table of each.
Outputs: results/{profile}/measure_cost/seed{seed}.csv, summarise_cost/cost.csv
"""


rule measure_cost:
    input:
        digits=cost_digits,
        tables=cost_tables,
        code=code("measure_cost.py"),
    output:
        cost="results/{profile}/measure_cost/seed{seed}.csv",
    log:
        "logs/{profile}/measure_cost/seed{seed}.log",
    benchmark:
        "logs/{profile}/measure_cost/seed{seed}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    params:
        arm=cost_arm,
        cost=cost_settings,
        layers=cost_layers,
    message:
        "Weighing accuracy against cost with seed {wildcards.seed} ({wildcards.profile})"
    script:
        "../scripts/measure_cost.py"


rule summarise_cost:
    input:
        seeds=cost_seeds,
        code=code("summarise_cost.py"),
    output:
        cost="results/{profile}/summarise_cost/cost.csv",
    log:
        "logs/{profile}/summarise_cost.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Summarising accuracy against cost"
    script:
        "../scripts/summarise_cost.py"
