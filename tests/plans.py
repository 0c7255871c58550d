"""Dry runs of Snakemake: the words for one, and the jobs that it lists."""

import re

DRY = ("--quiet", "host", "--dry-run")  # in this order: --quiet takes all words that follow


def planned(output: str) -> dict[str, int]:
    """Jobs of a dry run by rule, from its table."""
    rows = re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule != "total"}
