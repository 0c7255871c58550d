"""Which reading of the study's ablation explains the difference that it measured.

Inputs: summarise_training/{seeds,arms}.csv, resources/claims.yaml
Outputs: results/{profile}/ablation/summary.csv
"""


rule summarise_ablation:
    input:
        seeds=rules.summarise_training.output.seeds,
        arms=rules.summarise_training.output.arms,
    output:
        summary="results/{profile}/ablation/summary.csv",
    log:
        "logs/{profile}/ablation/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        compared=setting("ablation"),
        code=code("summarise_ablation.py", "resources/claims.yaml"),
    message:
        "Comparing readings of the ablation with the published difference"
    script:
        "../scripts/summarise_ablation.py"
