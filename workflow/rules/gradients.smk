"""Gradients of several arms on the same weights and samples.

Inputs: the digits of the first arm, and the effect-ratio table of each.
Outputs: results/{profile}/gradients/{gradients,denominators}.csv
"""


rule measure_gradients:
    input:
        digits=compared_digits,
        tables=compared_arm_tables,
        code=code("measure_gradients.py"),
    output:
        gradients="results/{profile}/gradients/gradients.csv",
        denominators="results/{profile}/gradients/denominators.csv",
    log:
        "logs/{profile}/gradients/measure.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        gradients=study_setting("gradients"),
        arms=compared_arms,
        layers=compared_layers,
    message:
        "Comparing the gradients of several arms"
    script:
        "../scripts/measure_gradients.py"
