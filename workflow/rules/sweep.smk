"""Time constants and thresholds: grids around those of an arm.

Inputs: the digits of the arm.
Outputs: results/{profile}/sweep/tables.csv, sweep/measure/{cell}.csv and
sweep/summary.csv

All tables are one job: by themselves they take less time than their jobs take to start.
"""


rule simulate_sweep:
    input:
        code=code("simulate_sweep.py"),
    output:
        tables="results/{profile}/sweep/tables.csv",
    log:
        "logs/{profile}/sweep/simulate.log",
    benchmark:
        "logs/{profile}/sweep/simulate.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 4
    params:
        tables=sweep_tables,
        repeats=study_setting("sweep", "repeats"),
        seed=study_setting("simulation", "seed"),
    message:
        "Simulating the effect-ratio tables of the grid of time constants"
    script:
        "../scripts/simulate_sweep.py"


rule measure_sweep:
    input:
        digits=sweep_digits,
        tables="results/{profile}/sweep/tables.csv",
        code=code("measure_sweep.py"),
    output:
        metrics="results/{profile}/sweep/measure/{cell}.csv",
    log:
        "logs/{profile}/sweep/measure/{cell}.log",
    benchmark:
        "logs/{profile}/sweep/measure/{cell}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    params:
        arm=sweep_arm,
        layers=sweep_layers,
        training=sweep_training,
    message:
        "Training with the constants {wildcards.cell} ({wildcards.profile})"
    script:
        "../scripts/measure_sweep.py"


rule summarise_sweep:
    input:
        scans=sweep_scans,
        code=code("summarise_sweep.py"),
    output:
        summary="results/{profile}/sweep/summary.csv",
    log:
        "logs/{profile}/sweep/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        settings=study_setting("sweep"),
        arm=sweep_arm,
    message:
        "Summarising the grids of time constants and thresholds"
    script:
        "../scripts/summarise_sweep.py"
