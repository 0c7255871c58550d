"""A rule that calls a function of the package, from which most others are made.

They add files, a log, a message and parameters with `**calls(...)`; it has none of these itself.
"""


rule call:
    log:
        "logs/call.log",
    conda:
        "../envs/strsbp.yaml"
    script:
        "../scripts/call.py"
