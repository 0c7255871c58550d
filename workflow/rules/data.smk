"""The digits.

Inputs: a Python package, a download or a local folder, depending on the config.
Outputs: results/{profile}/prepare_data/{dataset}.json, what the images are

The images are stored beside it as {dataset}.npz, which is not an output: the repository does not
keep it. A script that finds no images recreates them, and nothing is trained again.
"""


rule prepare_data:
    output:
        description="results/{profile}/prepare_data/{dataset}.json",
    log:
        "logs/{profile}/prepare_data/{dataset}.log",
    wildcard_constraints:
        dataset="mnist5k|mnist|fashion-mnist",
    conda:
        "../envs/strsbp.yaml"
    resources:
        local_dir=local_dir,
    params:
        code=code("prepare_data.py"),
    message:
        "Preparing the digits of {wildcards.dataset}"
    script:
        "../scripts/prepare_data.py"
