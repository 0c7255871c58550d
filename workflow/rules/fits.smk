"""The ranking of the fits of e_ij."""


use rule call as summarise_fits with:
    input:
        surfaces=each(
            rules.simulate_spsp.output.surface,
            table=[default_table("published", grid) for grid in (50, 100)],
        ),
        # Beyond the larger grid, so that its fit also has counts outside the grid.
        curve=each(rules.solve_spsp.output.curve, table=default_table("published", 110))[0],
        metrics=each(
            rules.train.output.metrics,
            arm=setting("fits.arms"),
            seed=lambda wildcards: study(wildcards.profile).fits.shared_seeds(
                study(wildcards.profile).arms
            ),
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
