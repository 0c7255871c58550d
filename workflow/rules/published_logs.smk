"""Our runs beside the training logs that the authors published."""

runs_of_logs = lambda study, suffix: study.runs(study.published_logs.arm_names(), suffix)


use rule call as summarise_published_logs with:
    input:
        lambda wildcards: runs_of_logs(study(wildcards.profile), "json"),
        metrics=lambda wildcards: runs_of_logs(study(wildcards.profile), "csv"),
    output:
        out="results/{profile}/published_logs/summary.csv",
        curves="results/{profile}/published_logs/curves.csv",
    log:
        "logs/{profile}/published_logs/summarise.log",
    params:
        **calls(
            "strsbp.study.experiments.published_logs.summarise.summarise_published_logs",
            logs="resources/published_logs.csv",
        ),
        compared=setting("published_logs.compared"),
    message:
        "Comparing with the published logs"


# All arms of the logs, including the long runs.
rule all_logs:
    input:
        STUDY.runs(STUDY.published_logs.arms),
