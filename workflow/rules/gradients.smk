"""Gradients of several arms on the same weights and samples."""


use rule call as measure_gradients with:
    input:
        unpack(inputs_of_arms(arms_of("gradients"))),
    output:
        gradients="results/{profile}/gradients/gradients.csv",
        denominators="results/{profile}/gradients/denominators.csv",
    log:
        "logs/{profile}/gradients/measure.log",
    benchmark:
        "results/{profile}/benchmarks/gradients/measure.tsv"
    priority: -1  # as for training
    params:
        **calls("strsbp.study.experiments.gradients.measure.measure_gradients"),
        settings=setting("gradients"),
        networks=settings_of_arms(arms_of("gradients")),
    message:
        "Comparing the gradients of several arms"
