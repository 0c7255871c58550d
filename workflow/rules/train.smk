"""Training: one job for each arm and seed.

Inputs: the digits and the effect-ratio table of the arm.
Outputs: results/{profile}/train/{arm}/seed{seed}.csv (metrics) and .json (provenance); while it
runs, seed{seed}.ckpt.npz, from which an interrupted job goes on.
"""


rule train:
    input:
        digits=arm_digits,
        table=arm_table,
        code=code("train.py"),
    output:
        metrics="results/{profile}/train/{arm}/seed{seed}.csv",
        provenance="results/{profile}/train/{arm}/seed{seed}.json",
    log:
        "logs/{profile}/train/{arm}/seed{seed}.log",
    benchmark:
        "logs/{profile}/train/{arm}/seed{seed}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    resources:
        gpu=gpus,
    params:
        arm=arm_settings,
        layers=layer_settings,
    message:
        "Training {wildcards.arm} with seed {wildcards.seed} ({wildcards.profile})"
    script:
        "../scripts/train.py"
