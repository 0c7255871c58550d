"""Fig. 4: do networks diverge because of their dynamics or because of their table?"""


use rule call as summarise_divergence with:
    input:
        pairs=rules.summarise_training.output.pairs,
        runs=rules.summarise_training.output.runs,
    output:
        out="results/{profile}/divergence/summary.csv",
    log:
        "logs/{profile}/divergence/summarise.log",
    params:
        **calls("strsbp.study.experiments.divergence.summarise.summarise_divergence"),
        panels=setting("divergence.panels"),
        at_epoch=setting("divergence.epochs"),
    message:
        "Separating the effects of dynamics and table in Fig. 4"
