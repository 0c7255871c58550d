"""Eq. 3: total potentials a_i over the threshold beside spike counts o_i.

Inputs: the digits and the effect-ratio table of the arm.
Outputs: results/{profile}/activation/summary.csv
"""


rule measure_activation:
    input:
        unpack(inputs_of_arms(arms_of("activation"))),
    output:
        summary="results/{profile}/activation/summary.csv",
    log:
        "logs/{profile}/activation/measure.log",
    benchmark:
        "results/{profile}/benchmarks/activation/measure.tsv"
    conda:
        "../envs/strsbp.yaml"
    resources:
        local_dir=local_dir,
    params:
        settings=setting("activation"),
        networks=settings_of_arms(arms_of("activation")),
        code=code("measure_activation.py"),
    message:
        "Comparing potentials with spike counts (Eq. 3)"
    script:
        "../scripts/measure_activation.py"
