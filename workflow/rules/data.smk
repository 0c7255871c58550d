"""The digits, or a data set of the user's own.

The images are in {dataset}.npz beside the description. That file is not committed, so it is not an
output: a script that does not find it makes it again, and nothing is retrained.
"""

from strsbp.data.own import source_sha256


use rule call as prepare_data with:
    output:
        description="results/{profile}/prepare_data/{dataset}.json",
    log:
        "logs/{profile}/prepare_data/{dataset}.log",
    params:
        **calls("strsbp.data.prepared.prepare_data"),
        dataset="{dataset}",
        # The hash of a user's own data set: a changed file is prepared again.
        own_files=in_one_sentence(
            lambda wildcards: (
                source_sha256(file)
                if (file := study(wildcards.profile).data.sets.get(wildcards.dataset))
                else ""
            )
        ),
    message:
        "Preparing the data set {wildcards.dataset}"
