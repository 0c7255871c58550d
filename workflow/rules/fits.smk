"""Fits of e_ij ranked.

Inputs: simulate_spsp/{table}.npz, solve_spsp/{table}.csv, train/{arm}/seed{seed}.csv
Outputs: results/{profile}/fits/summary.csv
"""


rule summarise_fits:
    input:
        surfaces=[
            f"results/{{profile}}/simulate_spsp/{default_table('published', grid)}.npz"
            for grid in (50, 100)
        ],
        # Further than the larger grid, for there, too, a fit has an outside.
        curve=f"results/{{profile}}/solve_spsp/{default_table('published', 110)}.csv",
        metrics=ranked_runs,
        code=code("summarise_fits.py"),
    output:
        summary="results/{profile}/fits/summary.csv",
    log:
        "logs/{profile}/fits/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        fits=study_setting("fits"),
        arms=ranked_arms,
    message:
        "Ranking the fits"
    script:
        "../scripts/summarise_fits.py"
