"""Fig. 4: do networks diverge by their dynamics or by their table?

Inputs: results/{profile}/summarise_training/{pairs,runs}.csv
Outputs: results/{profile}/divergence/summary.csv
"""


rule summarise_divergence:
    input:
        pairs="results/{profile}/summarise_training/pairs.csv",
        runs="results/{profile}/summarise_training/runs.csv",
        code=code("summarise_divergence.py"),
    output:
        summary="results/{profile}/divergence/summary.csv",
    log:
        "logs/{profile}/divergence/summarise.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        figure=study_setting("figures", "divergence"),
    message:
        "Telling dynamics from table in Fig. 4"
    script:
        "../scripts/summarise_divergence.py"
