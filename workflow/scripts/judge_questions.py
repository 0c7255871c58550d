"""Answer the questions that the study leaves open from the measured tables."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.claims.questions import judge_questions
    from strsbp.study.settings import StudySettings

    judge_questions(
        questions=ROOT / "resources" / "questions.yaml",
        tables=dict(snakemake.input.items()),
        out=snakemake.output.answers,
        values=dict(study=StudySettings.model_validate(snakemake.params.study)),
    )
