"""A sweep of time constants and thresholds around those of each arm.

Inputs: the digits of the arms.
Outputs: results/{profile}/sweep/{arm}/tables.csv, sweep/{arm}/measure/{cell}.csv and
sweep/summary.csv

One job simulates all tables of an arm: starting one for each would take longer.
"""


rule simulate_sweep:
    output:
        tables="results/{profile}/sweep/{arm}/tables.csv",
    log:
        "logs/{profile}/sweep/{arm}/simulate.log",
    benchmark:
        "results/{profile}/benchmarks/sweep/{arm}/simulate.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 4
    params:
        tables=lambda wildcards: [
            table.key
            for table in study(wildcards.profile).sweep.tables(
                study(wildcards.profile).arm(wildcards.arm)
            )
        ],
        repeats=setting("sweep", "repeats"),
        seed=setting("simulation", "seed"),
        code=code("simulate_sweep.py"),
    message:
        "Simulating the effect-ratio tables of the sweep around {wildcards.arm}"
    script:
        "../scripts/simulate_sweep.py"


# Settings of an arm that every cell of the sweep replaces.
OF_CELL = ["epochs", "n_train", "n_test"]


rule measure_sweep:
    input:
        digits=digits_of_arms(lambda wildcards: [wildcards.arm]),
        simulated=rules.simulate_sweep.output.tables,
    output:
        metrics="results/{profile}/sweep/{arm}/measure/{cell}.csv",
    log:
        "logs/{profile}/sweep/{arm}/measure/{cell}.log",
    benchmark:
        "results/{profile}/benchmarks/sweep/{arm}/measure/{cell}.tsv"
    wildcard_constraints:
        cell="m[0-9.e+]+-s[0-9.e+]+-h[0-9.e+-]+-o[0-9.e+-]+",
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    resources:
        local_dir=local_dir,
    params:
        networks=settings_of_arms(lambda wildcards: [wildcards.arm], without=OF_CELL),
        training=lambda wildcards: study(wildcards.profile).sweep.model_dump(
            mode="json", include={"seeds", *OF_CELL}
        ),
        code=code("measure_sweep.py"),
    message:
        "Training {wildcards.arm} with the constants {wildcards.cell} ({wildcards.profile})"
    script:
        "../scripts/measure_sweep.py"


rule summarise_sweep:
    input:
        cells=lambda wildcards: [
            rules.measure_sweep.output.metrics.format(
                profile=wildcards.profile, arm=name, cell=cell.key
            )
            for name in study(wildcards.profile).sweep.arms
            for cell in study(wildcards.profile).sweep.distinct_cells(
                study(wildcards.profile).arm(name)
            )
        ],
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
