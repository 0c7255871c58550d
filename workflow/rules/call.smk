"""The rule from which most others are made: it calls a function of the package.

They add files, a log, a message and parameters with `**calls(...)`. The function gets the named
inputs, outputs and parameters as keywords.
"""


rule call:
    log:
        "logs/call.log",
    conda:
        "../envs/strsbp.yaml"
    resources:
        local_dir=local_dir,  # not a parameter, so that moved images rerun nothing
    script:
        "../scripts/call.py"
