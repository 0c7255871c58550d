"""Eq. 3: total potentials a_i over the threshold beside spike counts o_i."""


use rule call as measure_activation with:
    input:
        unpack(inputs_of_arms(arms_of("activation"))),
    output:
        out="results/{profile}/activation/summary.csv",
    log:
        "logs/{profile}/activation/measure.log",
    benchmark:
        "results/{profile}/benchmarks/activation/measure.tsv"
    params:
        **calls("strsbp.study.experiments.activation.measure.measure_activation"),
        settings=setting("activation"),
        networks=settings_of_arms(arms_of("activation")),
    message:
        "Comparing potentials with spike counts (Eq. 3)"
