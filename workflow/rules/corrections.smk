"""What the study's corrections change in e_ij: the offset of the input current, and T = 200.

Inputs: simulate_spsp/corrected-*.npz
Outputs: results/{profile}/corrections/summary.csv
"""


rule summarise_corrections:
    input:
        long=expand(
            rules.simulate_spsp.output.surface,
            table=default_table("corrected", 100),
            allow_missing=True,
        ),
        short=expand(
            rules.simulate_spsp.output.surface,
            table=default_table("corrected", 100, n_steps=200),
            allow_missing=True,
        ),
    output:
        summary="results/{profile}/corrections/summary.csv",
    log:
        "logs/{profile}/corrections/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        seed=setting("simulation", "seed"),
        code=code("summarise_corrections.py"),
    message:
        "Comparing e_ij with and without the study's corrections"
    script:
        "../scripts/summarise_corrections.py"
