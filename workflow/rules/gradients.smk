"""Gradients of several arms on the same weights and samples."""


use rule call as measure_gradients with:
    input:
        unpack(inputs_of_arms(arms_of("gradients"))),
    output:
        gradients="results/{profile}/gradients/measure/seed{seed}/gradients.csv",
        denominators="results/{profile}/gradients/measure/seed{seed}/denominators.csv",
    log:
        "logs/{profile}/gradients/measure/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/gradients/measure/seed{seed}.tsv"
    priority: -1  # as for training
    params:
        **calls("strsbp.study.experiments.gradients.measure.measure_gradients"),
        settings=setting("gradients", without={"seeds"}),
        seed=lambda wildcards: int(wildcards.seed),
        networks=settings_of_arms(arms_of("gradients")),
    message:
        "Comparing the gradients of several arms, seed {wildcards.seed} ({wildcards.profile})"


seeds = setting("gradients.seeds")


use rule call as summarise_gradients with:
    input:
        measured_gradients=each(rules.measure_gradients.output.gradients, seed=seeds),
        measured_denominators=each(rules.measure_gradients.output.denominators, seed=seeds),
    output:
        gradients="results/{profile}/gradients/gradients.csv",
        denominators="results/{profile}/gradients/denominators.csv",
    log:
        "logs/{profile}/gradients/summarise.log",
    params:
        **calls("strsbp.study.experiments.gradients.summarise.summarise_gradients"),
    message:
        "Summarising gradients and denominators"
