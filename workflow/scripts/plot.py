"""Draw one figure of the catalogue from its data files."""

from pkgutil import resolve_name

from _job import job

with job(snakemake):
    from strsbp.study.figures.catalogue import FIGURES

    figure = next(one for one in FIGURES if one.name == snakemake.params.figure)
    resolve_name(figure.draw)(
        **dict(snakemake.input.items()),
        png=snakemake.output.png,
        svg=snakemake.output.svg,
        **snakemake.params.options,
        **snakemake.params.extra,
    )
