"""Gradients beside the true gradient of the expected loss, measured by finite differences."""


use rule call as measure_gradient_check with:
    input:
        unpack(inputs_of_arms(arms_of("gradient_check"))),
    output:
        projections="results/{profile}/gradient_check/measure/{state}/seed{seed}/projections.csv",
        times="results/{profile}/gradient_check/measure/{state}/seed{seed}/times.csv",
    log:
        "logs/{profile}/gradient_check/measure/{state}/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/gradient_check/measure/{state}/seed{seed}.tsv"
    params:
        **calls("strsbp.study.experiments.gradient_check.measure.measure_gradient_check"),
        settings=setting("gradient_check", without={"states", "seeds"}),
        epochs=lambda wildcards: study(wildcards.profile).gradient_check.states[wildcards.state],
        seed=lambda wildcards: int(wildcards.seed),
        networks=settings_of_arms(arms_of("gradient_check")),
    message:
        "Measuring the true gradient of the {wildcards.state} network, seed {wildcards.seed}"


measured = dict(
    state=setting("gradient_check.states_by_epochs"), seed=setting("gradient_check.seeds")
)


use rule call as summarise_gradient_check with:
    input:
        projections=each(rules.measure_gradient_check.output.projections, **measured),
        times=each(rules.measure_gradient_check.output.times, **measured),
    output:
        out="results/{profile}/gradient_check/summary.csv",
    log:
        "logs/{profile}/gradient_check/summarise.log",
    params:
        **calls("strsbp.study.experiments.gradient_check.summarise.summarise_gradient_check"),
        titles=lambda wildcards: study(wildcards.profile).gradient_check.titles(
            study(wildcards.profile).arms
        ),
    message:
        "Comparing gradients with the true one"
