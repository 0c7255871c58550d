"""The expectation of e_ij, compared with simulations."""

SIMULATED = [
    default_table(spsp, 100) for spsp in ("published", "unblocked", "corrected", "corrected_draft")
]


use rule call as summarise_expectation with:
    input:
        surfaces=each(rules.simulate_spsp.output.surface, table=SIMULATED),
        curves=each(rules.solve_spsp.output.curve, table=[*SIMULATED, default_table("exact", 100)]),
    output:
        table="results/{profile}/expectation/summary.csv",
        drawn="results/{profile}/expectation/curves.csv",
    log:
        "logs/{profile}/expectation/summarise.log",
    threads: 2
    params:
        **calls("strsbp.study.experiments.expectation.summarise.summarise_expectation"),
    message:
        "Comparing simulations with their expectation"
