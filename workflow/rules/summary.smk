"""From the metrics of single runs to tables, and from tables to verdicts.

Inputs: results/{profile}/train/*/seed*.{csv,json}, summarise_spsp/*.csv, resources/claims.yaml
Outputs: results/{profile}/summarise_training/{curves,seeds,arms,pairs,runs}.csv,
judge_claims/claims.csv and extrapolate_errors/fits.csv
"""


rule summarise_training:
    input:
        metrics=runs("csv"),
        provenance=runs("json"),
        code=code("summarise_training.py"),
    output:
        curves="results/{profile}/summarise_training/curves.csv",
        seeds="results/{profile}/summarise_training/seeds.csv",
        arms="results/{profile}/summarise_training/arms.csv",
        pairs="results/{profile}/summarise_training/pairs.csv",
        runs="results/{profile}/summarise_training/runs.csv",
    log:
        "logs/{profile}/summarise_training.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Summarising the training runs"
    script:
        "../scripts/summarise_training.py"


rule judge_claims:
    input:
        claims=CLAIMS,
        arms="results/{profile}/summarise_training/arms.csv",
        pairs="results/{profile}/summarise_training/pairs.csv",
        runs="results/{profile}/summarise_training/runs.csv",
        surfaces="results/{profile}/summarise_spsp/surfaces.csv",
        quality="results/{profile}/summarise_spsp/quality.csv",
        code=code("judge_claims.py"),
    output:
        claims=report(
            "results/{profile}/judge_claims/claims.csv",
            caption="../report/judge_claims.rst",
            category="Claims",
        ),
    log:
        "logs/{profile}/judge_claims.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Judging the claims of the study"
    script:
        "../scripts/judge_claims.py"


rule claims:
    input:
        f"results/{STUDY.profile}/judge_claims/claims.csv",


rule extrapolate_errors:
    input:
        curves="results/{profile}/summarise_training/curves.csv",
        arms="results/{profile}/summarise_training/arms.csv",
        code=code("extrapolate_errors.py"),
    output:
        fits="results/{profile}/extrapolate_errors/fits.csv",
    log:
        "logs/{profile}/extrapolate_errors.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Fitting where the curves of all images are heading"
    script:
        "../scripts/extrapolate_errors.py"
