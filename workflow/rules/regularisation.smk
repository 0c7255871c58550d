"""The weight regularisation: a sweep of its strength, with and without the division by the threshold.

Inputs: the digits and the effect-ratio tables of the arms.
Outputs: results/{profile}/regularisation/measure/{cell}.csv
"""


rule measure_regularisation:
    input:
        digits=lambda wildcards: arm_digits(regularisation_arm(wildcards)),
        table=lambda wildcards: arm_table(regularisation_arm(wildcards)),
        code=code("measure_regularisation.py"),
    output:
        metrics="results/{profile}/regularisation/measure/{cell}.csv",
    log:
        "logs/{profile}/regularisation/measure/{cell}.log",
    benchmark:
        "logs/{profile}/regularisation/measure/{cell}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    wildcard_constraints:
        cell="[a-z][a-z0-9_]*-[0-9.e+-]+-(un)?divided",
    params:
        arm=lambda wildcards: arm_settings(regularisation_arm(wildcards)),
        layers=lambda wildcards: layer_settings(regularisation_arm(wildcards)),
        regularisation=lambda wildcards: study(wildcards.profile).regularisation.model_dump(
            mode="json", include={"epochs", "seeds", "n_samples"}
        ),
    message:
        "Training with the regularisation {wildcards.cell} ({wildcards.profile})"
    script:
        "../scripts/measure_regularisation.py"
