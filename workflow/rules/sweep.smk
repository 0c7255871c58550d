"""Time constants and thresholds: a sweep around those of an arm.

Inputs: the digits of the arm.
Outputs: results/{profile}/sweep/tables.csv, sweep/measure/{cell}.csv and sweep/summary.csv

One job simulates all tables, which takes less time than starting a job for each.
"""


rule simulate_sweep:
    output:
        tables="results/{profile}/sweep/tables.csv",
    log:
        "logs/{profile}/sweep/simulate.log",
    benchmark:
        "results/{profile}/benchmarks/sweep/simulate.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 4
    params:
        tables=lambda wildcards: study(wildcards.profile).sweep.table_keys(
            study(wildcards.profile).arms
        ),
        repeats=setting("sweep", "repeats"),
        seed=setting("simulation", "seed"),
        code=code("simulate_sweep.py"),
    message:
        "Simulating the effect-ratio tables of the sweep"
    script:
        "../scripts/simulate_sweep.py"


# Settings of an arm that the sweep replaces in every cell.
OF_CELL = ["epochs", "n_train", "n_test"]


rule measure_sweep:
    input:
        digits=digits_of_arms(arms_of("sweep")),
        simulated=rules.simulate_sweep.output.tables,
    output:
        metrics="results/{profile}/sweep/measure/{cell}.csv",
    log:
        "logs/{profile}/sweep/measure/{cell}.log",
    benchmark:
        "results/{profile}/benchmarks/sweep/measure/{cell}.tsv"
    wildcard_constraints:
        cell="m[0-9.e+]+-s[0-9.e+]+-h[0-9.e+-]+-o[0-9.e+-]+",
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    resources:
        local_dir=local_dir,
    params:
        networks=settings_of_arms(arms_of("sweep"), without=OF_CELL),
        training=lambda wildcards: study(wildcards.profile).sweep.model_dump(
            mode="json", include={"seeds", *OF_CELL}
        ),
        code=code("measure_sweep.py"),
    message:
        "Training with the constants {wildcards.cell} ({wildcards.profile})"
    script:
        "../scripts/measure_sweep.py"


rule summarise_sweep:
    input:
        cells=lambda wildcards: expand(
            rules.measure_sweep.output.metrics,
            profile=wildcards.profile,
            cell=study(wildcards.profile).sweep.cell_keys(study(wildcards.profile).arms),
        ),
    output:
        summary="results/{profile}/sweep/summary.csv",
    log:
        "logs/{profile}/sweep/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        settings=setting("sweep"),
        networks=settings_of_arms(arms_of("sweep"), without=OF_CELL),
        code=code("summarise_sweep.py"),
    message:
        "Summarising the sweep of time constants and thresholds"
    script:
        "../scripts/summarise_sweep.py"
