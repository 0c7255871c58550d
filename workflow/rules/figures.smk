"""The figures, drawn from data files; nothing is computed here.

Inputs: for each figure, those named in strsbp/study/figures/catalogue.py
Outputs: results/{profile}/figures/<figure>.{png,svg}
"""

from strsbp.study.figures.catalogue import FIGURES

for figure in FIGURES:

    rule:
        name:
            f"plot_{figure.name}"
        input:
            **{
                argument: f"results/{{profile}}/{path}"
                for argument, path in figure.data.items()
                if not path.startswith("resources/")
            },
        output:
            png=f"results/{{profile}}/figures/{figure.name}.png",
            svg=report(
                f"results/{{profile}}/figures/{figure.name}.svg",
                caption=f"../report/plot_{figure.name}.rst",
                category=figure.category,
                labels={"figure": figure.title},
            ),
        log:
            f"logs/{{profile}}/figures/{figure.name}.log",
        conda:
            "../envs/strsbp.yaml"
        params:
            figure=figure.name,
            options=setting(*figure.options.split(".")) if figure.options else {},
            extra=figure.extra,
            code=code(
                figure.draw,
                *(path for path in figure.data.values() if path.startswith("resources/")),
            ),
        message:
            f"Drawing {figure.title}"
        script:
            "../scripts/plot.py"

    # `snakemake fig4` and so on, for the configured profile.
    rule:
        name:
            figure.name
        input:
            multiext(f"results/{STUDY.profile}/figures/{figure.name}", ".png", ".svg"),
