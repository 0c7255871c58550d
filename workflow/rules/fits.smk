"""Beyond the study: the expectation of e_ij, and fits of it ranked.

Inputs: simulate_spsp/{table}.npz, solve_spsp/{table}.csv, train/{arm}/seed{seed}.csv
Outputs: results/{profile}/compare_exact/{exact,curves}.csv and rank_fits/fits.csv
"""


rule compare_exact:
    input:
        surfaces=[
            f"results/{{profile}}/simulate_spsp/{default_table(spsp, 100)}.npz"
            for spsp in ("published", "unblocked", "corrected")
        ],
        curves=[
            f"results/{{profile}}/solve_spsp/{default_table(spsp, 100)}.csv"
            for spsp in ("published", "unblocked", "corrected", "exact")
        ],
        code=code("compare_exact.py"),
    output:
        exact="results/{profile}/compare_exact/exact.csv",
        curves="results/{profile}/compare_exact/curves.csv",
    log:
        "logs/{profile}/compare_exact.log",
    conda:
        "../envs/strsbp.yaml"
    threads: 2
    message:
        "Comparing simulations with their expectation"
    script:
        "../scripts/compare_exact.py"


rule rank_fits:
    input:
        surfaces=[
            f"results/{{profile}}/simulate_spsp/{default_table('published', grid)}.npz"
            for grid in (50, 100)
        ],
        # Further than the larger grid, for there, too, a fit has an outside.
        curve=f"results/{{profile}}/solve_spsp/{default_table('published', 110)}.csv",
        metrics=ranked_runs,
        code=code("rank_fits.py"),
    output:
        fits="results/{profile}/rank_fits/fits.csv",
    log:
        "logs/{profile}/rank_fits.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        fits=study_setting("fits"),
        arms=ranked_arms,
    message:
        "Ranking the fits"
    script:
        "../scripts/rank_fits.py"
