"""Time constants and thresholds: grids around those of an arm.

Inputs: the digits of the arm.
Outputs: results/{profile}/simulate_constants/tables.csv, scan_constants/{cell}.csv and
summarise_constants/constants.csv

All tables are one job: by themselves they take less time than their jobs take to start.
"""


rule simulate_constants:
    input:
        code=code("simulate_constants.py"),
    output:
        tables="results/{profile}/simulate_constants/tables.csv",
    log:
        "logs/{profile}/simulate_constants.log",
    benchmark:
        "logs/{profile}/simulate_constants.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 4
    params:
        tables=constants_tables,
        repeats=study_setting("constants", "repeats"),
        seed=study_setting("simulation", "seed"),
    message:
        "Simulating the effect-ratio tables of the grid of time constants"
    script:
        "../scripts/simulate_constants.py"


rule scan_constants:
    input:
        digits=constants_digits,
        tables="results/{profile}/simulate_constants/tables.csv",
        code=code("scan_constants.py"),
    output:
        metrics="results/{profile}/scan_constants/{cell}.csv",
    log:
        "logs/{profile}/scan_constants/{cell}.log",
    benchmark:
        "logs/{profile}/scan_constants/{cell}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    params:
        arm=constants_arm,
        layers=constants_layers,
        training=constants_training,
    message:
        "Training with the constants {wildcards.cell} ({wildcards.profile})"
    script:
        "../scripts/scan_constants.py"


rule summarise_constants:
    input:
        scans=constants_scans,
        code=code("summarise_constants.py"),
    output:
        constants="results/{profile}/summarise_constants/constants.csv",
    log:
        "logs/{profile}/summarise_constants.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        constants=study_setting("constants"),
        arm=constants_arm,
    message:
        "Summarising the grids of time constants and thresholds"
    script:
        "../scripts/summarise_constants.py"
