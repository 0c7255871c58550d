"""The report."""

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


use rule call as build_report with:
    input:
        if_asked(
            **summaries(*OPEN_QUESTIONS),
            answers=rules.judge_questions.output.out,
            question_figures=each(FIGURE, figure=FIGURES_OF_QUESTIONS, suffix="svg"),
        ),
        **TRAINED,
        figures=each(FIGURE, figure=FIGURES_OF_STUDY, suffix="svg"),
        claims=rules.judge_claims.output.out,
        settings=rules.judge_claims.output.settings_out,
        quality=rules.summarise_spsp.output.quality_csv,
        findings=rules.judge_findings.output.out,
        divergence=rules.summarise_divergence.output.out,
    output:
        html=report(
            "results/{profile}/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
    log:
        "logs/{profile}/build_report.log",
    params:
        **calls(
            "strsbp.study.report.build.build_report",
            *(f"workflow/report/plot_{one.name}.rst" for one in FIGURES),
            "resources/claims.yaml",
            "resources/questions.yaml",
            citation="CITATION.cff",
            author_tables="resources/author_tables_comparison.csv",
        ),
        gathered="files",
        study=whole_study,
        command=branch(
            lambda wildcards: wildcards.profile == STUDY.profile,
            then=COMMAND,
            otherwise="snakemake --cores all",
        ),
    message:
        "Writing the report"


rule report:
    input:
        f"results/{STUDY.profile}/report.html",


# The open questions, always at the study's own size: smaller runs answer few of them.
rule all_experiments:
    input:
        "results/paper/report.html",
        expand(FIGURE, profile="paper", figure=FIGURES_OF_QUESTIONS, suffix=["png", "svg"]),
