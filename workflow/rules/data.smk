"""The digits.

Inputs: a Python package, a download or a local folder, as the config says.
Outputs: results/{profile}/prepare_data/{dataset}.json, what the images are

The images lie beside it as {dataset}.npz. They are no output: a repository does not keep them, and
a script that finds none makes them again, which is no reason to train anew.
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
