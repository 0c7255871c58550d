"""The ranking of the fits of e_ij."""


use rule call as summarise_fits with:
    input:
        surfaces=for_tables(
            rules.simulate_spsp.output.surface,
            default_table("published", 50),
            default_table("published", 100),
        ),
        # Beyond the larger grid, so that its fit also has counts outside the grid.
        curve=for_tables(rules.solve_spsp.output.curve, default_table("published", 110))[0],
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
        epochs=setting("fits.epochs"),
        networks=settings_of_arms(arms_of("fits")),
    message:
        "Ranking the fits"
