"""The weight regularisation: a sweep of its strength, with and without division by the threshold."""

cells_of = lambda study: study.regularisation.cells(study.all_arms)
regularised_cell = lambda wildcards: cell_of(cells_of(study(wildcards.profile)), wildcards)


use rule call as measure_regularisation with:
    input:
        unpack(inputs_of_arms(regularised_cell)),
    output:
        out="results/{profile}/regularisation/measure/{cell}.csv",
    log:
        "logs/{profile}/regularisation/measure/{cell}.log",
    benchmark:
        "results/{profile}/benchmarks/regularisation/measure/{cell}.tsv"
    params:
        **calls("strsbp.study.experiments.regularisation.measure.measure_cell"),
        networks=settings_of_arms(regularised_cell),
        epochs=setting("regularisation.epochs"),
        seeds=setting("regularisation.seeds"),
        n_samples=setting("regularisation.n_samples"),
    message:
        "Training with the regularisation {wildcards.cell} ({wildcards.profile})"


use rule call as summarise_regularisation with:
    input:
        cells=each(
            rules.measure_regularisation.output.out,
            cell=lambda wildcards: cells_of(study(wildcards.profile)),
        ),
    output:
        out="results/{profile}/regularisation/summary.csv",
    log:
        "logs/{profile}/regularisation/summarise.log",
    params:
        **calls("strsbp.study.experiments.regularisation.summarise.summarise_regularisation"),
        settings=setting("regularisation"),
        networks=settings_of_arms(arms_of("regularisation")),
    message:
        "Summarising the regularisation sweep"
