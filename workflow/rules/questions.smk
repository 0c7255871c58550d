"""Beyond the study: the questions that it leaves open, answered from measured files.

Inputs: summarise_training/{arms,pairs,runs}.csv, the tables of QUESTION_TABLES below
results/{profile}/, resources/questions.yaml
Outputs: results/{profile}/judge_questions/answers.csv
"""


rule judge_questions:
    input:
        **question_tables("{profile}"),
        questions=QUESTIONS,
        arms="results/{profile}/summarise_training/arms.csv",
        pairs="results/{profile}/summarise_training/pairs.csv",
        runs="results/{profile}/summarise_training/runs.csv",
        code=code("judge_questions.py"),
    output:
        answers=report(
            "results/{profile}/judge_questions/answers.csv",
            caption="../report/judge_questions.rst",
            category="Open questions",
        ),
    log:
        "logs/{profile}/judge_questions.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        names=list(QUESTION_TABLES),
    message:
        "Answering the questions that the study leaves open"
    script:
        "../scripts/judge_questions.py"
