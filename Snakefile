# Lets bare `snakemake` find the workflow from the root of the repository.
include: "workflow/Snakefile"


workflow.default_target = "all"
