"""The digits, or a data set of the user's own.

Inputs: a Python package, a download or local files, depending on the config.
Outputs: results/{profile}/prepare_data/{dataset}.json, what the images are

The images are stored beside it as {dataset}.npz, which is not an output: the repository does not
keep it. A script that finds no images recreates them, and nothing is trained again.
"""

from strsbp.data.own import source_sha256


@in_one_sentence
def own_files(wildcards):
    """What a data set of the user's own contains; a changed file is prepared again."""
    data = study(wildcards.profile).data
    return source_sha256(data.sets[wildcards.dataset]) if wildcards.dataset in data.sets else ""


rule prepare_data:
    output:
        description="results/{profile}/prepare_data/{dataset}.json",
    log:
        "logs/{profile}/prepare_data/{dataset}.log",
    wildcard_constraints:
        dataset="[a-z][a-z0-9_-]*",
    conda:
        "../envs/strsbp.yaml"
    resources:
        local_dir=local_dir,
    params:
        own_files=own_files,
        code=code("prepare_data.py"),
    message:
        "Preparing the data set {wildcards.dataset}"
    script:
        "../scripts/prepare_data.py"
