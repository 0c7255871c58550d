"""The gradient followed back in time by BPTT, beside ST-RSBP, for several T."""


use rule call as measure_gradient_flow with:
    input:
        unpack(inputs_of_arms(arms_of("gradient_flow"))),
    output:
        out="results/{profile}/gradient_flow/measure/seed{seed}.csv",
    log:
        "logs/{profile}/gradient_flow/measure/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/gradient_flow/measure/seed{seed}.tsv"
    conda:
        "../envs/bptt.yaml"
    params:
        **calls("strsbp.study.experiments.gradient_flow.measure.measure_gradient_flow"),
        settings=setting("gradient_flow", without={"seeds"}),
        seed=lambda wildcards: int(wildcards.seed),
        networks=settings_of_arms(arms_of("gradient_flow")),
    message:
        "Following gradients back in time, seed {wildcards.seed} ({wildcards.profile})"


use rule call as summarise_gradient_flow with:
    input:
        norms=each(rules.measure_gradient_flow.output.out, seed=setting("gradient_flow.seeds")),
    output:
        out="results/{profile}/gradient_flow/summary.csv",
    log:
        "logs/{profile}/gradient_flow/summarise.log",
    params:
        **calls("strsbp.study.experiments.gradient_flow.summarise.summarise_gradient_flow"),
    message:
        "Summarising how far back gradients reach"
