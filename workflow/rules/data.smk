"""The digits.

Inputs: a Python package, a download or a local folder, as the config says.
Outputs: results/{profile}/prepare_data/{dataset}.npz
"""


rule prepare_data:
    input:
        code=code("prepare_data.py"),
    output:
        digits="results/{profile}/prepare_data/{dataset}.npz",
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
