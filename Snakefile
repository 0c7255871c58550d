# Lets bare `snakemake` find the workflow from the root of the repository; `profiles` does the same for
# its default profile.
include: "workflow/Snakefile"


workflow.default_target = "all"  # an included file cannot set it
