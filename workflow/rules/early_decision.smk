"""Decisions before T, and accuracy against operations, for networks of several T.

Inputs: the digits of the arm that the networks share, and the effect-ratio table of each network.
Outputs: results/{profile}/early_decision/measure/seed{seed}.csv, early_decision/summary.csv
"""


rule measure_early_decision:
    input:
        digits=digits_of_arms(arms_of("early_decision")),
        tables=lambda wildcards: expand(
            rules.fit_spsp.output.table,
            profile=wildcards.profile,
            table=study(wildcards.profile).early_decision.table_keys(
                study(wildcards.profile).arms
            ),
        ),
    output:
        decisions="results/{profile}/early_decision/measure/seed{seed}.csv",
    log:
        "logs/{profile}/early_decision/measure/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/early_decision/measure/seed{seed}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    resources:
        local_dir=local_dir,
    params:
        settings=setting("early_decision", without=["seeds"]),
        networks=settings_of_arms(arms_of("early_decision")),
        code=code("measure_early_decision.py"),
    message:
        "Training and deciding early with seed {wildcards.seed} ({wildcards.profile})"
    script:
        "../scripts/measure_early_decision.py"


rule summarise_early_decision:
    input:
        seeds=lambda wildcards: expand(
            rules.measure_early_decision.output.decisions,
            profile=wildcards.profile,
            seed=study(wildcards.profile).early_decision.seeds,
        ),
    output:
        summary="results/{profile}/early_decision/summary.csv",
    log:
        "logs/{profile}/early_decision/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        code=code("summarise_early_decision.py"),
    message:
        "Summarising accuracy against operations"
    script:
        "../scripts/summarise_early_decision.py"
