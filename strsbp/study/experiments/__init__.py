"""The experiments, each in a folder of its own name.

A folder holds whichever of `settings.py` (the experiment's key in the config), `measure.py`,
`summarise.py` and `figure.py` the experiment needs. Its rules are in workflow/rules/<name>.smk,
its results in results/<profile>/<name>/. To add one, write these files and tests/test_<name>.py,
and add a line here.
"""

PARTS_OF_THE_STUDY = (
    "activation",
    "corrections",
    "gradients",
    "divergence",
    "findings",
)
"""Experiments that every report shows."""

OPEN_QUESTIONS = (
    "expectation",
    "fits",
    "gradient_check",
    "bptt",
    "gradient_flow",
    "early_decision",
    "sweep",
    "regularisation",
    "published_logs",
    "ablation",
)
"""Experiments whose summary.csv answers a question that the study leaves open."""

EXPERIMENTS = PARTS_OF_THE_STUDY + OPEN_QUESTIONS
