"""The arms that repeat the published training logs, trained on demand by the rule `train`.

Inputs: the metrics of their runs.
"""


rule published_logs:
    input:
        STUDY.runs(STUDY.published_logs.arms),
