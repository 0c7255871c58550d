"""Decisions before T, and accuracy against operations, for networks of several T.

Inputs: the digits of the arm that the networks share, and the effect-ratio table of each network.
Outputs: results/{profile}/early_decision/measure/seed{seed}.csv, early_decision/summary.csv
"""


use rule call as measure_early_decision with:
    input:
        unpack(inputs_of_arms(arms_of("early_decision"))),
    output:
        out="results/{profile}/early_decision/measure/seed{seed}.csv",
    log:
        "logs/{profile}/early_decision/measure/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/early_decision/measure/seed{seed}.tsv"
    resources:
        local_dir=local_dir,
    params:
        **calls("strsbp.study.experiments.early_decision.measure.measure_early_decision"),
        times=setting("early_decision", "times"),
        margins=setting("early_decision", "margins"),
        seed=lambda wildcards: int(wildcards.seed),
        networks=settings_of_arms(arms_of("early_decision")),
    message:
        "Training and deciding early with seed {wildcards.seed} ({wildcards.profile})"


use rule call as summarise_early_decision with:
    input:
        seeds=lambda wildcards: expand(
            rules.measure_early_decision.output.out,
            profile=wildcards.profile,
            seed=study(wildcards.profile).early_decision.seeds,
        ),
    output:
        out="results/{profile}/early_decision/summary.csv",
    log:
        "logs/{profile}/early_decision/summarise.log",
    params:
        **calls("strsbp.study.experiments.early_decision.summarise.summarise_early_decision"),
    message:
        "Summarising accuracy against operations"
