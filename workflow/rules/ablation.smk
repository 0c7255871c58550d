"""Which reading of the study's ablation explains the difference that it measured."""

from strsbp.study.claims.entries import published_value


use rule call as summarise_ablation with:
    input:
        seeds=rules.summarise_training.output.seeds,
        arms=rules.summarise_training.output.arms,
    output:
        out="results/{profile}/ablation/summary.csv",
    log:
        "logs/{profile}/ablation/summarise.log",
    params:
        **calls("strsbp.study.experiments.ablation.summarise.summarise_ablation"),
        reference=setting("ablation.reference"),
        readings=setting("ablation.readings"),
        epochs=setting("ablation.epochs"),
        published=published_value(of_repository("resources/claims.yaml"), "strsbp_better_after_10"),
    message:
        "Comparing readings of the ablation with the published difference"
