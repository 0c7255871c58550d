"""From the metrics of single runs to tables, and from tables to verdicts."""

from strsbp.study.claims.entries import load_findings, load_topics

for name, load in dict(claims=load_topics, questions=load_topics, findings=load_findings).items():
    in_one_sentence(load)(beside(of_repository(f"resources/{name}.yaml")))


use rule call as summarise_training with:
    input:
        lambda wildcards: study(wildcards.profile).summarised_runs("json"),
        metrics=lambda wildcards: study(wildcards.profile).summarised_runs(),
    output:
        curves="results/{profile}/summarise_training/curves.csv",
        seeds="results/{profile}/summarise_training/seeds.csv",
        arms="results/{profile}/summarise_training/arms.csv",
        pairs="results/{profile}/summarise_training/pairs.csv",
        runs="results/{profile}/summarise_training/runs.csv",
    log:
        "logs/{profile}/summarise_training.log",
    params:
        **calls("strsbp.study.summary.training.summarise_training"),
        titles=lambda wildcards: {
            name: arm.title for name, arm in study(wildcards.profile).all_arms.items()
        },
    message:
        "Summarising the training runs"


# What verdicts and the report read of it.
TRAINED = {name: rules.summarise_training.output[name] for name in ("arms", "pairs", "runs")}


use rule call as judge_claims with:
    input:
        if_asked(
            **summaries("bptt", "expectation", "fits", "gradient_check", "gradient_flow", "sweep")
        ),
        **summaries("activation", "corrections"),
        **TRAINED,
        denominators="results/{profile}/gradients/denominators.csv",
        surfaces=rules.summarise_spsp.output.surfaces_csv,
        quality=rules.summarise_spsp.output.quality_csv,
    output:
        out=report(
            "results/{profile}/judge_claims/claims.csv",
            caption="../report/judge_claims.rst",
            category="Claims",
        ),
        settings_out="results/{profile}/judge_claims/settings.csv",
    log:
        "logs/{profile}/judge_claims.log",
    params:
        **calls("strsbp.study.claims.judging.judge_claims", claims="resources/claims.yaml"),
        gathered="tables",
        variants=setting("judged_variants"),
    message:
        "Judging the claims of the study"


rule claims:
    input:
        f"results/{STUDY.profile}/judge_claims/claims.csv",
