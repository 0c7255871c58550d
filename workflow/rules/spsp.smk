"""The spike-train level post-synaptic potential e_ij: simulated, fitted, traced, compared.

Inputs: nothing but settings; resources/author_tables_comparison.csv for the comparison.
Outputs: results/{profile}/simulate_spsp/{table}.npz, fit_spsp/{table}.txt, solve_spsp/{table}.csv,
fit_curve/{table}-{fit}.csv, trace_spsp/trace.csv and summarise_spsp/{surfaces,quality,author_tables}.csv
"""


rule simulate_spsp:
    input:
        code=code("simulate_spsp.py"),
    output:
        surface="results/{profile}/simulate_spsp/{table}.npz",
    log:
        "logs/{profile}/simulate_spsp/{table}.log",
    benchmark:
        "logs/{profile}/simulate_spsp/{table}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 4
    params:
        simulation=study_setting("simulation"),
    message:
        "Simulating e_ij for {wildcards.table}"
    script:
        "../scripts/simulate_spsp.py"


rule fit_spsp:
    input:
        surface="results/{profile}/simulate_spsp/{table}.npz",
        code=code("fit_spsp.py"),
    output:
        table="results/{profile}/fit_spsp/{table}.txt",
    log:
        "logs/{profile}/fit_spsp/{table}.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Fitting polynomials to {wildcards.table}"
    script:
        "../scripts/fit_spsp.py"


rule solve_spsp:
    input:
        code=code("solve_spsp.py"),
    output:
        curve="results/{profile}/solve_spsp/{table}.csv",
    log:
        "logs/{profile}/solve_spsp/{table}.log",
    conda:
        "../envs/strsbp.yaml"
    threads: 2
    message:
        "Solving the expectation of e_ij for {wildcards.table}"
    script:
        "../scripts/solve_spsp.py"


rule fit_curve:
    input:
        source=fit_source,
        code=code("fit_curve.py"),
    output:
        table="results/{profile}/fit_curve/{table}-{fit}.csv",
    log:
        "logs/{profile}/fit_curve/{table}-{fit}.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Fitting {wildcards.table}: {wildcards.fit}"
    script:
        "../scripts/fit_curve.py"


rule trace_spsp:
    input:
        code=code("trace_spsp.py"),
    output:
        trace="results/{profile}/trace_spsp/trace.csv",
    log:
        "logs/{profile}/trace_spsp.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        seed=study_setting("simulation", "seed"),
    message:
        "Tracing one pair of neurons through both listings"
    script:
        "../scripts/trace_spsp.py"


rule summarise_spsp:
    input:
        surfaces=expand("results/{{profile}}/simulate_spsp/{table}.npz", table=compared_tables()),
        fits=expand("results/{{profile}}/fit_spsp/{table}.txt", table=compared_tables()),
        author_comparison=AUTHOR_COMPARISON,
        code=code("summarise_spsp.py"),
    output:
        surfaces="results/{profile}/summarise_spsp/surfaces.csv",
        quality="results/{profile}/summarise_spsp/quality.csv",
        author_tables="results/{profile}/summarise_spsp/author_tables.csv",
    log:
        "logs/{profile}/summarise_spsp.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Summarising the simulations and their fits"
    script:
        "../scripts/summarise_spsp.py"
