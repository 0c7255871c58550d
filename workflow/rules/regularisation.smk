"""The weight regularisation: a sweep of its strength, with and without the division by the threshold.

Inputs: the digits and the effect-ratio tables of the arms.
Outputs: results/{profile}/regularisation/measure/{cell}.csv
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
        "logs/{profile}/regularisation/measure/{cell}.tsv"
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


rule regularisation:
    input:
        expand(
            rules.measure_regularisation.output.metrics,
            profile=STUDY.profile,
            cell=[cell.key for cell in STUDY.regularisation.cells()],
        ),
