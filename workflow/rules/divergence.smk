"""Fig. 4: do networks diverge because of their dynamics or because of their table?

Inputs: results/{profile}/summarise_training/{pairs,runs}.csv
Outputs: results/{profile}/divergence/summary.csv
"""


rule summarise_divergence:
    input:
        pairs=rules.summarise_training.output.pairs,
        runs=rules.summarise_training.output.runs,
    output:
        summary="results/{profile}/divergence/summary.csv",
    log:
        "logs/{profile}/divergence/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        compared=setting("divergence"),
        code=code("summarise_divergence.py"),
    message:
        "Separating the effects of dynamics and table in Fig. 4"
    script:
        "../scripts/summarise_divergence.py"
