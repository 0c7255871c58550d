"""The digits.

Inputs: a Python package, a download or a local folder, as the config says.
Outputs: results/{profile}/prepare_data/{dataset}.npz (all images) and .json (what they are)

Later rules take the small .json as their input. A repository keeps that file and not the images;
a script that finds no images makes them again, which is no reason to train anew.
"""


rule prepare_data:
    input:
        code=code("prepare_data.py"),
    output:
        images="results/{profile}/prepare_data/{dataset}.npz",
        description="results/{profile}/prepare_data/{dataset}.json",
    log:
        "logs/{profile}/prepare_data/{dataset}.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        local_dir=study_setting("data", "local_dir"),
    message:
        "Preparing the digits of {wildcards.dataset}"
    script:
        "../scripts/prepare_data.py"
