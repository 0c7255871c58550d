"""Backpropagation through time (BPTT) beside ST-RSBP and HM2-BP, with the extra `bptt`."""

from strsbp.study.experiments.bptt.settings import (
    NOT_OF_BPTT,
    compared_files,
    compared_network,
    missing_library,
)

IN_CONDA = "conda" in map(str, workflow.deployment_settings.deployment_method)
TRAINS_BPTT = IN_CONDA or missing_library() is None
compared = in_one_sentence(lambda wildcards: compared_files(study(wildcards.profile), TRAINS_BPTT))


if TRAINS_BPTT:  # otherwise, existing runs must not be outputs of a rule

    use rule call as train_bptt with:
        input:
            digits=digits_of_arms(arms_of("bptt")),
        output:
            metrics="results/{profile}/bptt/train/seed{seed}.csv",
            provenance="results/{profile}/bptt/train/seed{seed}.json",
        log:
            "logs/{profile}/bptt/train/seed{seed}.log",
        benchmark:
            "results/{profile}/benchmarks/bptt/train/seed{seed}.tsv"
        conda:
            "../envs/bptt.yaml"
        params:
            **calls("strsbp.study.experiments.bptt.measure.run_bptt"),
            networks=settings_of_arms(arms_of("bptt"), without=NOT_OF_BPTT),
            settings=setting("bptt.of_run"),
            seed=lambda wildcards: int(wildcards.seed),
            profile="{profile}",
        message:
            "Training by BPTT with seed {wildcards.seed} ({wildcards.profile})"

    use rule call as measure_bptt with:
        input:
            unpack(inputs_of_arms(arms_of("bptt"))),
        output:
            out="results/{profile}/bptt/times.csv",
        log:
            "logs/{profile}/bptt/measure.log",
        benchmark:
            "results/{profile}/benchmarks/bptt/measure.tsv"
        conda:
            "../envs/bptt.yaml"
        params:
            **calls("strsbp.study.experiments.bptt.times.measure_times"),
            networks=settings_of_arms(arms_of("bptt")),
            settings=setting("bptt.of_run"),
        message:
            "Timing BPTT beside ST-RSBP"


use rule call as summarise_bptt with:
    input:
        lambda wildcards: [
            Path(run).with_suffix(".json")
            for method, runs in compared(wildcards).items()
            for run in runs
            if method != "times"
        ],
        unpack(compared),
    output:
        out="results/{profile}/bptt/summary.csv",
    log:
        "logs/{profile}/bptt/summarise.log",
    params:
        **calls("strsbp.study.experiments.bptt.summarise.summarise_bptt"),
        network=lambda wildcards: compared_network(study(wildcards.profile)),
        settings=setting("bptt.of_run"),
    message:
        "Comparing BPTT with ST-RSBP and HM2-BP"
