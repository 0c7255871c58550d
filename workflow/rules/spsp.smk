"""The spike-train level post-synaptic potential e_ij: simulated, fitted, traced, compared.

Inputs: only settings; resources/author_tables_comparison.csv for the comparison.
Outputs: results/{profile}/simulate_spsp/{table}.npz, fit_spsp/{table}.txt, solve_spsp/{table}.csv,
fit_curve/{table}-{fit}.csv, trace_spsp/trace.csv and
summarise_spsp/{surfaces,quality,author_tables}.csv
"""


rule simulate_spsp:
    output:
        surface="results/{profile}/simulate_spsp/{table}.npz",
    log:
        "logs/{profile}/simulate_spsp/{table}.log",
    benchmark:
        "results/{profile}/benchmarks/simulate_spsp/{table}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1  # several simulations at once are faster than one on several cores
    params:
        simulation=setting("simulation"),
        code=code("simulate_spsp.py"),
    message:
        "Simulating e_ij for {wildcards.table}"
    script:
        "../scripts/simulate_spsp.py"


rule fit_spsp:
    input:
        surface=rules.simulate_spsp.output.surface,
    output:
        table="results/{profile}/fit_spsp/{table}.txt",
    log:
        "logs/{profile}/fit_spsp/{table}.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        code=code("fit_spsp.py"),
    message:
        "Fitting polynomials to {wildcards.table}"
    script:
        "../scripts/fit_spsp.py"


rule solve_spsp:
    output:
        curve="results/{profile}/solve_spsp/{table}.csv",
    log:
        "logs/{profile}/solve_spsp/{table}.log",
    benchmark:
        "results/{profile}/benchmarks/solve_spsp/{table}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 2
    params:
        code=code("solve_spsp.py"),
    message:
        "Solving the expectation of e_ij for {wildcards.table}"
    script:
        "../scripts/solve_spsp.py"


rule fit_curve:
    input:
        source=branch(
            lambda wildcards: wildcards.fit == "exact",
            then=rules.solve_spsp.output.curve,
            otherwise=rules.simulate_spsp.output.surface,
        ),
    output:
        table="results/{profile}/fit_curve/{table}-{fit}.csv",
    log:
        "logs/{profile}/fit_curve/{table}-{fit}.log",
    wildcard_constraints:
        fit="[a-z]+[0-9]?",
    conda:
        "../envs/strsbp.yaml"
    params:
        code=code("fit_curve.py"),
    message:
        "Fitting {wildcards.table}: {wildcards.fit}"
    script:
        "../scripts/fit_curve.py"


rule trace_spsp:
    output:
        trace="results/{profile}/trace_spsp/trace.csv",
    log:
        "logs/{profile}/trace_spsp.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        seed=setting("simulation", "seed"),
        code=code("trace_spsp.py"),
    message:
        "Tracing one pair of neurons through both listings"
    script:
        "../scripts/trace_spsp.py"


# The simulations that Figs. 1 and 7 and the fit's quality need, at the default constants.
COMPARED_TABLES = [
    default_table(spsp, grid)
    for spsp in ("published", "corrected", "unblocked")
    for grid in (50, 100)
]


rule summarise_spsp:
    input:
        surfaces=for_tables(rules.simulate_spsp.output.surface, *COMPARED_TABLES),
        fits=for_tables(rules.fit_spsp.output.table, *COMPARED_TABLES),
    output:
        surfaces="results/{profile}/summarise_spsp/surfaces.csv",
        quality="results/{profile}/summarise_spsp/quality.csv",
        author_tables="results/{profile}/summarise_spsp/author_tables.csv",
    log:
        "logs/{profile}/summarise_spsp.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        code=code("summarise_spsp.py", "resources/author_tables_comparison.csv"),
    message:
        "Summarising the simulations and their fits"
    script:
        "../scripts/summarise_spsp.py"
