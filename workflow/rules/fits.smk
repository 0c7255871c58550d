"""The ranking of the fits of e_ij.

Inputs: simulate_spsp/{table}.npz, solve_spsp/{table}.csv, train/{arm}/seed{seed}.csv
Outputs: results/{profile}/fits/summary.csv
"""


use rule call as summarise_fits with:
    input:
        surfaces=expand(
            rules.simulate_spsp.output.surface,
            table=[default_table("published", grid) for grid in (50, 100)],
            allow_missing=True,
        ),
        # Beyond the larger grid, so that its fit also has counts outside the grid.
        curve=expand(
            rules.solve_spsp.output.curve,
            table=default_table("published", 110),
            allow_missing=True,
        )[0],
        metrics=lambda wildcards: expand(
            rules.train.output.metrics,
            profile=wildcards.profile,
            arm=study(wildcards.profile).fits.arms,
            seed=study(wildcards.profile).fits.shared_seeds(study(wildcards.profile).arms),
        ),
    output:
        out="results/{profile}/fits/summary.csv",
    log:
        "logs/{profile}/fits/summarise.log",
    params:
        **calls("strsbp.study.experiments.fits.summarise.summarise_fits"),
        epochs=setting("fits", "epochs"),
        networks=settings_of_arms(arms_of("fits")),
    message:
        "Ranking the fits"
