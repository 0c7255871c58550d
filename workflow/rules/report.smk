"""The report.

Inputs: the figures, the tables of summarise_spsp and summarise_training, judge_claims/claims.csv
and judge_findings/verdicts.csv; if the config answers open questions, also
judge_questions/answers.csv and the summaries of their experiments
Outputs: results/{profile}/report.html
"""

FIGURE = "results/{profile}/figures/{figure}.{suffix}"
FIGURES_OF_STUDY = [one.name for one in FIGURES if one.category == "Figures"]
FIGURES_OF_QUESTIONS = [one.name for one in FIGURES if one.category == "Open questions"]
FIGURES_OF_ALL = expand(
    FIGURE,
    profile=STUDY.profile,
    figure=FIGURES_OF_STUDY + (FIGURES_OF_QUESTIONS if STUDY.open_questions else []),
    suffix=["png", "svg"],
)
# How the report's commands start; for a profile in config/ the target's path is enough.
COMMAND = "snakemake --cores all"
if CONFIG_FILES[1:] and not IS_MODULE and not (CONFIG_DIR / f"{STUDY.profile}.yaml").is_file():
    COMMAND = " ".join([COMMAND, "--configfile", *CONFIG_FILES[1:], "--"])


rule build_report:
    input:
        unpack(
            branch(
                setting("open_questions"),
                then=dict(
                    answers=rules.judge_questions.output.out,
                    question_figures=expand(
                        FIGURE, figure=FIGURES_OF_QUESTIONS, suffix="svg", allow_missing=True
                    ),
                    **{name: f"results/{{profile}}/{name}/summary.csv" for name in OPEN_QUESTIONS},
                ),
            )
        ),
        figures=expand(FIGURE, figure=FIGURES_OF_STUDY, suffix="svg", allow_missing=True),
        claims=rules.judge_claims.output.out,
        settings=rules.judge_claims.output.settings_out,
        arms=rules.summarise_training.output.arms,
        pairs=rules.summarise_training.output.pairs,
        runs=rules.summarise_training.output.runs,
        quality=rules.summarise_spsp.output.quality,
        author_tables=rules.summarise_spsp.output.author_tables,
        findings=rules.judge_findings.output.out,
        divergence=rules.summarise_divergence.output.out,
        extrapolations=rules.extrapolate_errors.output.out,
    output:
        html=report(
            "results/{profile}/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
    log:
        "logs/{profile}/build_report.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        # Without the folder of images: moving it must not rewrite the report.
        study=lambda wildcards: study(wildcards.profile).model_dump(
            mode="json", exclude={"data": {"local_dir", "sets"}}
        ),
        command=branch(
            lambda wildcards: wildcards.profile == STUDY.profile,
            then=COMMAND,
            otherwise="snakemake --cores all",
        ),
        code=code(
            "build_report.py",
            "resources/questions.yaml",
            "CITATION.cff",
            *(f"workflow/report/plot_{one.name}.rst" for one in FIGURES),
        ),
    message:
        "Writing the report"
    script:
        "../scripts/build_report.py"


rule report:
    input:
        f"results/{STUDY.profile}/report.html",


# The open questions, always at the study's own size: smaller runs answer few of them.
rule all_experiments:
    input:
        "results/paper/report.html",
        expand(FIGURE, profile="paper", figure=FIGURES_OF_QUESTIONS, suffix=["png", "svg"]),
