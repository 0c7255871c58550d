"""Decisions before T, and accuracy against operations, for networks of several T."""


use rule call as measure_early_decision with:
    input:
        unpack(inputs_of_arms(arms_of("early_decision"))),
    output:
        out="results/{profile}/early_decision/measure/seed{seed}.csv",
    log:
        "logs/{profile}/early_decision/measure/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/early_decision/measure/seed{seed}.tsv"
    params:
        **calls("strsbp.study.experiments.early_decision.measure.measure_early_decision"),
        times=setting("early_decision.times"),
        margins=setting("early_decision.margins"),
        seed=lambda wildcards: int(wildcards.seed),
        networks=settings_of_arms(arms_of("early_decision")),
    message:
        "Training and deciding early with seed {wildcards.seed} ({wildcards.profile})"


use rule call as summarise_early_decision with:
    input:
        seeds=each(rules.measure_early_decision.output.out, seed=setting("early_decision.seeds")),
    output:
        out="results/{profile}/early_decision/summary.csv",
    log:
        "logs/{profile}/early_decision/summarise.log",
    params:
        **calls("strsbp.study.experiments.early_decision.summarise.summarise_early_decision"),
    message:
        "Summarising accuracy against operations"
