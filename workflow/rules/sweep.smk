"""A sweep of time constants and thresholds around those of each arm."""

swept_cell = lambda wildcards: cell_of(
    study(wildcards.profile).sweep.cells(study(wildcards.profile).arm(wildcards.arm)), wildcards
)


use rule call as measure_sweep with:
    input:
        unpack(inputs_of_arms(swept_cell)),
    output:
        out="results/{profile}/sweep/{arm}/measure/{cell}.csv",
    log:
        "logs/{profile}/sweep/{arm}/measure/{cell}.log",
    benchmark:
        "results/{profile}/benchmarks/sweep/{arm}/measure/{cell}.tsv"
    params:
        **calls("strsbp.study.experiments.sweep.measure.measure_cell"),
        networks=settings_of_arms(swept_cell),
        seeds=setting("sweep.seeds"),
    message:
        "Training {wildcards.arm} with the constants {wildcards.cell} ({wildcards.profile})"


use rule call as summarise_sweep with:
    input:
        cells=lambda wildcards: [
            rules.measure_sweep.output.out.format(profile=wildcards.profile, arm=name, cell=cell)
            for name in study(wildcards.profile).sweep.arms
            for cell in study(wildcards.profile).sweep.cells(study(wildcards.profile).arm(name))
        ],
    output:
        out="results/{profile}/sweep/summary.csv",
    log:
        "logs/{profile}/sweep/summarise.log",
    params:
        **calls("strsbp.study.experiments.sweep.summarise.summarise_sweep"),
        settings=setting("sweep"),
        networks=settings_of_arms(arms_of("sweep")),
    message:
        "Summarising the sweep of time constants and thresholds"
