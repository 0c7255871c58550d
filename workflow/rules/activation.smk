"""Eq. 3: total potentials a_i over the threshold beside spike counts o_i."""


use rule call as measure_activation with:
    input:
        unpack(inputs_of_arms(this_arm)),
    output:
        out="results/{profile}/activation/measure/{arm}/seed{seed}.csv",
    log:
        "logs/{profile}/activation/measure/{arm}/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/activation/measure/{arm}/seed{seed}.tsv"
    params:
        **calls("strsbp.study.experiments.activation.measure.measure_activation"),
        networks=settings_of_arms(this_arm),
        seed=lambda wildcards: int(wildcards.seed),
        n_samples=setting("activation.n_samples"),
        train_epochs=setting("activation.train_epochs"),
    message:
        "Comparing potentials with spike counts (Eq. 3), {wildcards.arm}, seed {wildcards.seed}"


use rule call as summarise_activation with:
    input:
        measured=each(
            rules.measure_activation.output.out,
            arm=setting("activation.arms"),
            seed=setting("activation.seeds"),
        ),
    output:
        out="results/{profile}/activation/summary.csv",
    log:
        "logs/{profile}/activation/summarise.log",
    params:
        **calls("strsbp.study.experiments.activation.summarise.summarise_activation"),
    message:
        "Summarising potentials and spike counts (Eq. 3)"
