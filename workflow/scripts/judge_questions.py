"""Answer the questions that the study leaves open by the measured tables."""

from _job import job

with job(snakemake):
    from strsbp.study.claims.questions import judge_questions

    tables = dict(snakemake.input.items())
    judge_questions(questions=tables.pop("questions"), tables=tables, out=snakemake.output.answers)
