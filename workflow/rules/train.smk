"""Training: on the CPU one job for each arm and seed, on a GPU one job for all seeds of an arm.

Inputs: the digits and the effect-ratio table of the arm.
Outputs: results/{profile}/train/{arm}/seed{seed}.csv (metrics) and .json (provenance); while it
runs, seed{seed}.ckpt.npz, from which an interrupted job goes on. A batch on a GPU leaves the same
files in results/{profile}/train_batch/{arm}/, from which they are copied.
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
    params:
        arm=arm_settings,
        layers=layer_settings,
    message:
        "Training {wildcards.arm} with seed {wildcards.seed} ({wildcards.profile})"
    script:
        "../scripts/train.py"


rule train_batch:
    input:
        digits=arm_digits,
        table=arm_table,
        code=code("train_batch.py"),
    output:
        runs=directory("results/{profile}/train_batch/{arm}"),
    log:
        "logs/{profile}/train_batch/{arm}.log",
    benchmark:
        "logs/{profile}/train_batch/{arm}.tsv"
    conda:
        "../envs/strsbp.yaml"
    threads: 1
    resources:
        gpu=1,
    params:
        arm=arm_settings,
        layers=layer_settings,
        seeds=batch_seeds,
        checkpoints="results/{profile}/train/{arm}",
    message:
        "Training {wildcards.arm} with seeds {params.seeds} on a GPU ({wildcards.profile})"
    script:
        "../scripts/train_batch.py"


localrules:
    take_from_batch,


ruleorder: take_from_batch > train


rule take_from_batch:
    input:
        runs=batch_of_run,
    output:
        metrics="results/{gpu_run}.csv",
        provenance="results/{gpu_run}.json",
    log:
        "logs/{gpu_run}.log",
    wildcard_constraints:
        gpu_run=GPU_RUNS,
    conda:
        "../envs/strsbp.yaml"
    params:
        run=lambda wildcards: Path(wildcards.gpu_run).name,
    message:
        "Taking {wildcards.gpu_run} from its batch"
    shell:
        "cp {input.runs:q}/{params.run:q}.csv {output.metrics:q} 2> {log:q} "
        "&& cp {input.runs:q}/{params.run:q}.json {output.provenance:q} 2>> {log:q}"
