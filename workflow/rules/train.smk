"""Training: on the CPU, one job per arm and seed; on a GPU, one job for all seeds of an arm.

Inputs: the digits and the effect-ratio table of the arm.
Outputs: results/{profile}/train/{arm}/seed{seed}.csv (metrics) and .json (provenance); during
training, seed{seed}.ckpt.npz, from which an interrupted job resumes. A batch on a GPU writes the
same files to results/{profile}/train_batch/{arm}/, from which they are copied.
"""

from strsbp.study.batches import gpu_runs, gpu_seeds

# The folder of all profiles, with a module's prefix.
RESULTS = str(rules.prepare_data.output.description).partition("/{profile}/")[0]

this_arm = lambda wildcards: {wildcards.arm: study(wildcards.profile).arm(wildcards.arm)}


rule train:
    input:
        unpack(inputs_of_arms(this_arm)),
    output:
        metrics="results/{profile}/train/{arm}/seed{seed}.csv",
        provenance="results/{profile}/train/{arm}/seed{seed}.json",
    log:
        "logs/{profile}/train/{arm}/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/train/{arm}/seed{seed}.tsv"
    conda:
        "../envs/strsbp.yaml"
    resources:
        local_dir=local_dir,
    params:
        networks=settings_of_arms(this_arm),
        code=code("train.py"),
    message:
        "Training {wildcards.arm} with seed {wildcards.seed} ({wildcards.profile})"
    script:
        "../scripts/train.py"


rule train_batch:
    input:
        unpack(inputs_of_arms(this_arm)),
    output:
        runs=directory("results/{profile}/train_batch/{arm}"),
    log:
        "logs/{profile}/train_batch/{arm}.log",
    benchmark:
        "results/{profile}/benchmarks/train_batch/{arm}.tsv"
    conda:
        "../envs/strsbp.yaml"
    resources:
        gpu=1,
        local_dir=local_dir,
    params:
        networks=settings_of_arms(this_arm),
        seeds=lambda wildcards: gpu_seeds(
            study(wildcards.profile), wildcards.arm, f"{RESULTS}/{wildcards.profile}"
        ),
        checkpoints=f"{RESULTS}/{{profile}}/train/{{arm}}",
        code=code("train_batch.py"),
    message:
        "Training {wildcards.arm} with seeds {params.seeds} on a GPU ({wildcards.profile})"
    script:
        "../scripts/train_batch.py"


ruleorder: take_from_batch > train


GPU_RUNS = []
if workflow.is_main_process:  # the one that plans all jobs
    GPU_RUNS = in_one_sentence(gpu_runs)(
        STUDY, CONFIG_DIR, jobs_elsewhere=JOBS_ELSEWHERE, results=RESULTS
    )
    if STUDY.device == "auto":
        logger.info(f"Device: auto, which is '{device(STUDY)}' on this machine.")


rule take_from_batch:
    input:
        runs=lambda wildcards: "results/{}/train_batch/{}".format(
            *wildcards.gpu_run.split("/")[::2]
        ),
    output:
        metrics="results/{gpu_run}.csv",
        provenance="results/{gpu_run}.json",
    log:
        "logs/{gpu_run}.log",
    wildcard_constraints:
        gpu_run="|".join(GPU_RUNS) or "(?!)",
    localrule: True
    conda:
        "../envs/strsbp.yaml"
    params:
        run=lambda wildcards: Path(wildcards.gpu_run).name,
    message:
        "Copying {wildcards.gpu_run} from its batch"
    shell:
        "cp {input.runs:q}/{params.run:q}.csv {output.metrics:q} 2> {log:q} "
        "&& cp {input.runs:q}/{params.run:q}.json {output.provenance:q} 2>> {log:q}"


# All variants of the configured study; no other rule needs them.
rule variants:
    input:
        STUDY.runs(STUDY.variant_arms),
