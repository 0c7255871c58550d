"""Gradients beside the true gradient of the expected loss, which finite differences see.

Inputs: the digits of the first arm, and the effect-ratio table of each.
Outputs: results/{profile}/gradient_check/measure/{state}/{projections,times}.csv and
gradient_check/summary.csv
"""


rule measure_gradient_check:
    input:
        digits=gradient_check_digits,
        tables=gradient_check_arm_tables,
        code=code("measure_gradient_check.py"),
    output:
        projections="results/{profile}/gradient_check/measure/{state}/projections.csv",
        times="results/{profile}/gradient_check/measure/{state}/times.csv",
    log:
        "logs/{profile}/gradient_check/measure/{state}.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        settings=gradient_check_settings,
        epochs=gradient_check_epochs,
        arms=gradient_check_arms,
        layers=gradient_check_layers,
    message:
        "Measuring the true gradient of the network that is {wildcards.state}"
    script:
        "../scripts/measure_gradient_check.py"


rule summarise_gradient_check:
    input:
        projections=gradient_check_files("projections.csv"),
        times=gradient_check_files("times.csv"),
        code=code("summarise_gradient_check.py"),
    output:
        summary="results/{profile}/gradient_check/summary.csv",
    log:
        "logs/{profile}/gradient_check/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        states=gradient_check_states,
        titles=gradient_check_titles,
        seed=study_setting("gradient_check", "seed"),
    message:
        "Comparing gradients with the true one"
    script:
        "../scripts/summarise_gradient_check.py"
