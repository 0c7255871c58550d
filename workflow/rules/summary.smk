"""From the metrics of single runs to tables, and from tables to verdicts.

Inputs: results/{profile}/train/*/seed*.{csv,json}, summarise_spsp/*.csv, resources/claims.yaml,
summaries of some experiments
Outputs: results/{profile}/summarise_training/{curves,seeds,arms,pairs,runs}.csv,
judge_claims/{claims,settings}.csv and extrapolate_errors/fits.csv
"""

from strsbp.study.claims import load_claims

in_one_sentence(load_claims)(beside(of_repository("resources/claims.yaml")))


rule summarise_training:
    input:
        metrics=lambda wildcards: study(wildcards.profile).summarised_runs(),
        provenance=lambda wildcards: study(wildcards.profile).summarised_runs("json"),
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
    params:
        code=code("summarise_training.py"),
    message:
        "Summarising the training runs"
    script:
        "../scripts/summarise_training.py"


# Experiments whose summaries decide claims, always or only if open questions are answered.
OF_CLAIMS = ["activation", "ablation", "corrections"]
OF_CLAIMS_ASKED = ["fits", "gradient_flow"]


rule judge_claims:
    input:
        unpack(
            branch(
                setting("open_questions"),
                then={name: f"results/{{profile}}/{name}/summary.csv" for name in OF_CLAIMS_ASKED},
            )
        ),
        **{name: f"results/{{profile}}/{name}/summary.csv" for name in OF_CLAIMS},
        arms=rules.summarise_training.output.arms,
        pairs=rules.summarise_training.output.pairs,
        runs=rules.summarise_training.output.runs,
        surfaces=rules.summarise_spsp.output.surfaces,
        quality=rules.summarise_spsp.output.quality,
    output:
        claims=report(
            "results/{profile}/judge_claims/claims.csv",
            caption="../report/judge_claims.rst",
            category="Claims",
        ),
        settings="results/{profile}/judge_claims/settings.csv",
    log:
        "logs/{profile}/judge_claims.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        variants=lambda wildcards: study(wildcards.profile).judged_variants,
        code=code("judge_claims.py", "resources/claims.yaml"),
    message:
        "Judging the claims of the study"
    script:
        "../scripts/judge_claims.py"


rule claims:
    input:
        f"results/{STUDY.profile}/judge_claims/claims.csv",


rule extrapolate_errors:
    input:
        curves=rules.summarise_training.output.curves,
        arms=rules.summarise_training.output.arms,
    output:
        fits="results/{profile}/extrapolate_errors/fits.csv",
    log:
        "logs/{profile}/extrapolate_errors.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        code=code("extrapolate_errors.py"),
    message:
        "Extrapolating the curves of arms with all images"
    script:
        "../scripts/extrapolate_errors.py"
