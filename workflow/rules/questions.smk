"""The questions that the study leaves open, answered from measured files."""


use rule call as judge_questions with:
    input:
        **summaries("activation", *OPEN_QUESTIONS),
        **TRAINED,
    output:
        out=report(
            "results/{profile}/judge_questions/answers.csv",
            caption="../report/judge_questions.rst",
            category="Open questions",
        ),
    log:
        "logs/{profile}/judge_questions.log",
    params:
        **calls("strsbp.study.claims.judging.judge_questions", questions="resources/questions.yaml"),
        gathered="tables",
        study=whole_study,
    message:
        "Answering the questions that the study leaves open"
