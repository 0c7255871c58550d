"""The expectation of e_ij, and simulations beside it.

Inputs: simulate_spsp/{table}.npz, solve_spsp/{table}.csv
Outputs: results/{profile}/expectation/{summary,curves}.csv
"""


rule summarise_expectation:
    input:
        surfaces=[
            f"results/{{profile}}/simulate_spsp/{default_table(spsp, 100)}.npz"
            for spsp in ("published", "unblocked", "corrected")
        ],
        curves=[
            f"results/{{profile}}/solve_spsp/{default_table(spsp, 100)}.csv"
            for spsp in ("published", "unblocked", "corrected", "exact")
        ],
        code=code("summarise_expectation.py"),
    output:
        summary="results/{profile}/expectation/summary.csv",
        curves="results/{profile}/expectation/curves.csv",
    log:
        "logs/{profile}/expectation/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    threads: 2
    message:
        "Comparing simulations with their expectation"
    script:
        "../scripts/summarise_expectation.py"
