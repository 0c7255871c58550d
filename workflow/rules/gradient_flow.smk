"""The gradient followed back in time by BPTT, beside ST-RSBP, for several T.

Inputs: the digits and the effect-ratio table of the arm, and fit_spsp/{table}.txt for each T.
Outputs: results/{profile}/gradient_flow/{norms,summary}.csv
"""


rule measure_gradient_flow:
    input:
        unpack(inputs_of_arms(arms_of("gradient_flow"))),
        tables_of_steps=lambda wildcards: expand(
            rules.fit_spsp.output.table,
            profile=wildcards.profile,
            table=study(wildcards.profile).gradient_flow.table_keys(study(wildcards.profile).arms),
        ),
    output:
        norms="results/{profile}/gradient_flow/norms.csv",
    log:
        "logs/{profile}/gradient_flow/measure.log",
    benchmark:
        "results/{profile}/benchmarks/gradient_flow/measure.tsv"
    conda:
        "../envs/bptt.yaml"
    resources:
        local_dir=local_dir,
    params:
        settings=setting("gradient_flow"),
        networks=settings_of_arms(arms_of("gradient_flow")),
        code=code("measure_gradient_flow.py"),
    message:
        "Following gradients back in time"
    script:
        "../scripts/measure_gradient_flow.py"


rule summarise_gradient_flow:
    input:
        norms=rules.measure_gradient_flow.output.norms,
    output:
        summary="results/{profile}/gradient_flow/summary.csv",
    log:
        "logs/{profile}/gradient_flow/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        code=code("summarise_gradient_flow.py"),
    message:
        "Summarising how far back gradients reach"
    script:
        "../scripts/summarise_gradient_flow.py"
