"""The spike-train level post-synaptic potential e_ij: simulated, fitted, traced, compared."""


use rule call as simulate_spsp with:
    output:
        surface="results/{profile}/simulate_spsp/{table}.npz",
    log:
        "logs/{profile}/simulate_spsp/{table}.log",
    benchmark:
        "results/{profile}/benchmarks/simulate_spsp/{table}.tsv"
    params:
        **calls("strsbp.spsp.simulate.simulate_spsp"),
        table="{table}",
        repeats=setting("simulation.repeats"),
        seed=setting("simulation.seed"),
    message:
        "Simulating e_ij for {wildcards.table}"


use rule call as fit_spsp with:
    input:
        surface=rules.simulate_spsp.output.surface,
    output:
        table="results/{profile}/fit_spsp/{table}.txt",
    log:
        "logs/{profile}/fit_spsp/{table}.log",
    params:
        **calls("strsbp.spsp.fits.fit_spsp"),
    message:
        "Fitting polynomials to {wildcards.table}"


use rule call as solve_spsp with:
    output:
        curve="results/{profile}/solve_spsp/{table}.csv",
    log:
        "logs/{profile}/solve_spsp/{table}.log",
    benchmark:
        "results/{profile}/benchmarks/solve_spsp/{table}.tsv"
    threads: 2
    params:
        **calls("strsbp.spsp.exact.solve_spsp"),
        table="{table}",
    message:
        "Solving the expectation of e_ij for {wildcards.table}"


use rule call as fit_curve with:
    input:
        source=branch(
            lambda wildcards: wildcards.fit == "exact",
            then=rules.solve_spsp.output.curve,
            otherwise=rules.simulate_spsp.output.surface,
        ),
    output:
        out="results/{profile}/fit_curve/{table}-{fit}.csv",
    log:
        "logs/{profile}/fit_curve/{table}-{fit}.log",
    wildcard_constraints:
        fit="[a-z]+[0-9]?",
    params:
        **calls("strsbp.spsp.fits.write_fit"),
        table="{table}",
        fit="{fit}",
    message:
        "Fitting {wildcards.table}: {wildcards.fit}"


use rule call as trace_spsp with:
    output:
        trace="results/{profile}/trace_spsp/trace.csv",
    log:
        "logs/{profile}/trace_spsp.log",
    params:
        **calls("strsbp.spsp.trace.trace_spsp"),
        seed=setting("simulation.seed"),
    message:
        "Tracing one pair of neurons through both listings"


# The simulations that Figs. 1 and 7 and the fit's quality need, at the default constants.
COMPARED_TABLES = [
    default_table(spsp, grid)
    for spsp in ("published", "corrected", "unblocked")
    for grid in (50, 100)
]


use rule call as summarise_spsp with:
    input:
        surfaces=each(rules.simulate_spsp.output.surface, table=COMPARED_TABLES),
        fits=each(rules.fit_spsp.output.table, table=COMPARED_TABLES),
        trace=rules.trace_spsp.output.trace,
    output:
        surfaces_csv="results/{profile}/summarise_spsp/surfaces.csv",
        quality_csv="results/{profile}/summarise_spsp/quality.csv",
    log:
        "logs/{profile}/summarise_spsp.log",
    params:
        **calls("strsbp.study.summary.spsp.summarise_spsp"),
    message:
        "Summarising the simulations and their fits"
