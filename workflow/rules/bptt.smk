"""Backpropagation through time (BPTT), the rival of the study, with the extra `bptt`.

Inputs: the digits, and the runs of the arms that BPTT is compared with.
Outputs: results/{profile}/bptt/train/seed{seed}.csv (metrics) and .json (provenance), and
results/{profile}/bptt/summary.csv; while it trains, seed{seed}.ckpt.npz, from which an
interrupted job goes on
"""


rule train_bptt:
    input:
        digits=bptt_digits,
        code=code("train_bptt.py"),
    output:
        metrics="results/{profile}/bptt/train/seed{bptt_seed}.csv",
        provenance="results/{profile}/bptt/train/seed{bptt_seed}.json",
    log:
        "logs/{profile}/bptt/train/seed{bptt_seed}.log",
    benchmark:
        "logs/{profile}/bptt/train/seed{bptt_seed}.tsv"
    wildcard_constraints:
        bptt_seed=BPTT_SEEDS,
    conda:
        "../envs/bptt.yaml"
    threads: 1
    params:
        network=bptt_network,
        sizes=bptt_sizes,
        settings=bptt_run_settings,
    message:
        "Training by BPTT with seed {wildcards.bptt_seed} ({wildcards.profile})"
    script:
        "../scripts/train_bptt.py"


rule summarise_bptt:
    input:
        strsbp=runs_beside_bptt("strsbp", "csv"),
        strsbp_provenance=runs_beside_bptt("strsbp", "json"),
        hm2bp=runs_beside_bptt("hm2bp", "csv"),
        hm2bp_provenance=runs_beside_bptt("hm2bp", "json"),
        bptt=runs_beside_bptt("bptt", "csv"),
        bptt_provenance=runs_beside_bptt("bptt", "json"),
        code=code("summarise_bptt.py"),
    output:
        summary="results/{profile}/bptt/summary.csv",
    log:
        "logs/{profile}/bptt/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        network=bptt_network,
        settings=bptt_run_settings,
    message:
        "Comparing BPTT with ST-RSBP and HM2-BP"
    script:
        "../scripts/summarise_bptt.py"
