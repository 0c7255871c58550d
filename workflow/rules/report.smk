"""The report, and what `snakemake` makes when it is asked for nothing in particular.

Inputs: the figures, the tables of summarise_spsp and summarise_training, judge_claims/claims.csv,
judge_findings/verdicts.csv, judge_questions/answers.csv and the tables of QUESTION_TABLES
Outputs: results/{profile}/report.html
"""


rule build_report:
    input:
        **question_tables("{profile}"),
        questions=QUESTIONS,
        answers="results/{profile}/judge_questions/answers.csv",
        claims="results/{profile}/judge_claims/claims.csv",
        arms="results/{profile}/summarise_training/arms.csv",
        pairs="results/{profile}/summarise_training/pairs.csv",
        runs="results/{profile}/summarise_training/runs.csv",
        quality="results/{profile}/summarise_spsp/quality.csv",
        author_tables="results/{profile}/summarise_spsp/author_tables.csv",
        findings="results/{profile}/judge_findings/verdicts.csv",
        causes="results/{profile}/explain_divergence/causes.csv",
        extrapolations="results/{profile}/extrapolate_errors/fits.csv",
        figures=[f"results/{{profile}}/figures/{figure.name}.svg" for figure in FIGURES],
        captions=[
            beside(ROOT / "workflow" / "report" / f"plot_{figure.name}.rst") for figure in FIGURES
        ],
        code=code("build_report.py"),
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
        study=whole_study,
        command=snakemake_command,
        names=list(QUESTION_TABLES),
    message:
        "Writing the report"
    script:
        "../scripts/build_report.py"


rule report:
    input:
        f"results/{STUDY.profile}/report.html",


rule all:
    default_target: True
    input:
        f"results/{STUDY.profile}/report.html",
        expand(
            f"results/{STUDY.profile}/figures/{{figure}}.{{suffix}}",
            figure=[figure.name for figure in FIGURES],
            suffix=["png", "svg"],
        ),
