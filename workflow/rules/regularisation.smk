"""The weight regularisation: a sweep of its strength, with and without division by the threshold.

Inputs: the digits and the effect-ratio tables of the arms.
Outputs: results/{profile}/regularisation/measure/{cell}.csv and regularisation/summary.csv
"""

from strsbp.study.experiments.regularisation.settings import Cell


rule measure_regularisation:
    input:
        unpack(inputs_of_arms(lambda wildcards: [Cell.from_key(wildcards.cell).arm])),
    output:
        metrics="results/{profile}/regularisation/measure/{cell}.csv",
    log:
        "logs/{profile}/regularisation/measure/{cell}.log",
    benchmark:
        "results/{profile}/benchmarks/regularisation/measure/{cell}.tsv"
    wildcard_constraints:
        cell="[a-z][a-z0-9_]*-[0-9.e+-]+-(un)?divided",
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    resources:
        local_dir=local_dir,
    params:
        networks=settings_of_arms(lambda wildcards: [Cell.from_key(wildcards.cell).arm]),
        training=setting("regularisation", without=["arms", "strengths"]),
        code=code("measure_regularisation.py"),
    message:
        "Training with the regularisation {wildcards.cell} ({wildcards.profile})"
    script:
        "../scripts/measure_regularisation.py"


rule summarise_regularisation:
    input:
        cells=lambda wildcards: expand(
            rules.measure_regularisation.output.metrics,
            profile=wildcards.profile,
            cell=[cell.key for cell in study(wildcards.profile).regularisation.cells()],
        ),
    output:
        summary="results/{profile}/regularisation/summary.csv",
    log:
        "logs/{profile}/regularisation/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        settings=setting("regularisation"),
        networks=settings_of_arms(arms_of("regularisation")),
        code=code("summarise_regularisation.py"),
    message:
        "Summarising the regularisation sweep"
    script:
        "../scripts/summarise_regularisation.py"
