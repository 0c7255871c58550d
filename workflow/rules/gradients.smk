"""Gradients of several arms on the same weights and samples.

Inputs: the digits of the first arm, and the effect-ratio table of each.
Outputs: results/{profile}/compare_gradients/{gradients,denominators}.csv
"""


rule compare_gradients:
    input:
        digits=compared_digits,
        tables=compared_arm_tables,
        code=code("compare_gradients.py"),
    output:
        gradients="results/{profile}/compare_gradients/gradients.csv",
        denominators="results/{profile}/compare_gradients/denominators.csv",
    log:
        "logs/{profile}/compare_gradients.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        gradients=study_setting("gradients"),
        arms=compared_arms,
        layers=compared_layers,
    message:
        "Comparing the gradients of several arms"
    script:
        "../scripts/compare_gradients.py"
