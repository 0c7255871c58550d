"""Call the function that the rule names, with the rule's inputs, parameters and outputs."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.call import call

    call(snakemake, ROOT)
