"""Gradients beside the true gradient of the expected loss, which finite differences see.

Inputs: the digits of the first arm, and the effect-ratio table of each.
Outputs: results/{profile}/measure_truth/{state}/{projections,times}.csv and
summarise_truth/truth.csv
"""


rule measure_truth:
    input:
        digits=truth_digits,
        tables=truth_arm_tables,
        code=code("measure_truth.py"),
    output:
        projections="results/{profile}/measure_truth/{state}/projections.csv",
        times="results/{profile}/measure_truth/{state}/times.csv",
    log:
        "logs/{profile}/measure_truth/{state}.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        truth=truth_settings,
        epochs=truth_epochs,
        arms=truth_arms,
        layers=truth_layers,
    message:
        "Measuring the true gradient of the network that is {wildcards.state}"
    script:
        "../scripts/measure_truth.py"


rule summarise_truth:
    input:
        projections=truth_files("projections.csv"),
        times=truth_files("times.csv"),
        code=code("summarise_truth.py"),
    output:
        truth="results/{profile}/summarise_truth/truth.csv",
    log:
        "logs/{profile}/summarise_truth.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        states=truth_states,
        titles=truth_titles,
        seed=study_setting("truth", "seed"),
    message:
        "Comparing gradients with the true one"
    script:
        "../scripts/summarise_truth.py"
