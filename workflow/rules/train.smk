"""Training: on the CPU, one job per arm and seed; on a GPU, one job for all seeds of an arm."""

from strsbp.study.batches import gpu_runs, gpu_seeds

# The folder of all profiles, with a module's prefix.
RESULTS = str(rules.prepare_data.output.description).partition("/{profile}/")[0]


use rule call as train with:
    input:
        unpack(inputs_of_arms(this_arm)),
    output:
        metrics="results/{profile}/train/{arm}/seed{seed}.csv",
        provenance="results/{profile}/train/{arm}/seed{seed}.json",
    log:
        "logs/{profile}/train/{arm}/seed{seed}.log",
    benchmark:
        "results/{profile}/benchmarks/train/{arm}/seed{seed}.tsv"
    priority: -1  # other jobs first: two training jobs at once would each compile the kernels
    params:
        **calls("strsbp.study.train.train"),
        networks=settings_of_arms(this_arm),
        seed=lambda wildcards: int(wildcards.seed),
        profile="{profile}",
    message:
        "Training {wildcards.arm} with seed {wildcards.seed} ({wildcards.profile})"


use rule call as train_batch with:
    input:
        unpack(inputs_of_arms(this_arm)),
    output:
        runs=directory("results/{profile}/train_batch/{arm}"),
    log:
        "logs/{profile}/train_batch/{arm}.log",
    benchmark:
        "results/{profile}/benchmarks/train_batch/{arm}.tsv"
    resources:
        gpu=1,
        local_dir=local_dir,
    params:
        **calls("strsbp.study.train_batch.train_batch"),
        networks=settings_of_arms(this_arm),
        seeds=lambda wildcards: gpu_seeds(
            study(wildcards.profile), wildcards.arm, f"{RESULTS}/{wildcards.profile}"
        ),
        profile="{profile}",
        checkpoints=f"{RESULTS}/{{profile}}/train/{{arm}}",
    message:
        "Training {wildcards.arm} with seeds {params.seeds} on a GPU ({wildcards.profile})"


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


# All variants of the configured study. Other rules train only the few that they name.
rule variants:
    input:
        STUDY.runs(STUDY.variant_arms),
