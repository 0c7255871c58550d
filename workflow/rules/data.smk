"""The digits, or a data set of the user's own.

Inputs: a Python package, a download or local files, depending on the config.
Outputs: results/{profile}/prepare_data/{dataset}.json, what the images are

The images are stored beside it in {dataset}.npz, which is not an output because it is not committed:
a script that does not find it makes it again, without any retraining.
"""

from strsbp.data.own import source_sha256


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
        # The hash of a user's own data set: a changed file is prepared again.
        own_files=in_one_sentence(
            lambda wildcards: (
                source_sha256(file)
                if (file := study(wildcards.profile).data.sets.get(wildcards.dataset))
                else ""
            )
        ),
        code=code("prepare_data.py"),
    message:
        "Preparing the data set {wildcards.dataset}"
    script:
        "../scripts/prepare_data.py"
