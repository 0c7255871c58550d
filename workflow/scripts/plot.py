"""Draw one figure."""

from _job import ROOT, job

with job(snakemake):
    from strsbp.study.figures.catalogue import find_figure
    from strsbp.study.figures.style import save

    figure = find_figure(snakemake.params.figure)
    data = {name: snakemake.input.get(name, ROOT / path) for name, path in figure.data.items()}
    drawn = figure.find_draw()(**data, **snakemake.params.options, **figure.extra)
    save(drawn, snakemake.output.png, snakemake.output.svg)
