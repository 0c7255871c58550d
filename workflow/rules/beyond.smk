"""Beyond the study: the questions that it leaves open, a topic for each.

Each says what it reads and makes; questions.smk answers by what the others have measured.
"""


include: "fits.smk"
include: "truth.smk"
include: "bptt.smk"
include: "cost.smk"
include: "constants.smk"
include: "questions.smk"
