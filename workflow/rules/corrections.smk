"""What the study's corrections change in e_ij: the offset of the input current, and T = 200."""


use rule call as summarise_corrections with:
    input:
        long=each(rules.simulate_spsp.output.surface, table=default_table("corrected", 100))[0],
        short=each(
            rules.simulate_spsp.output.surface, table=default_table("corrected", 100, n_steps=200)
        )[0],
    output:
        out="results/{profile}/corrections/summary.csv",
    log:
        "logs/{profile}/corrections/summarise.log",
    params:
        **calls("strsbp.study.experiments.corrections.summarise.summarise_corrections"),
        seed=setting("simulation.seed"),
    message:
        "Comparing e_ij with and without the study's corrections"
