"""Answer the questions that the study leaves open by the measured tables."""

from _job import job

with job(snakemake):
    from strsbp.study.claims.questions import judge_questions

    names = ("arms", "pairs", "runs", *snakemake.params.names)
    judge_questions(
        questions=snakemake.input.questions,
        tables={name: snakemake.input[name] for name in names},
        out=snakemake.output.answers,
    )
