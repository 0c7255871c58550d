"""The figures, drawn from data files; nothing is computed here."""

from strsbp.study.figures.catalogue import FIGURES

for figure in FIGURES:

    rule:
        name:
            f"plot_{figure.name}"
        input:
            **{name: f"results/{{profile}}/{path}" for name, path in figure.data.items()},
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
            **calls(
                "strsbp.study.figures.style.draw_and_save", code_of=figure.draw, **figure.resources
            ),
            draw=figure.draw,
            options=setting(figure.options) if figure.options else {},
            extra=figure.extra,
        message:
            f"Drawing {figure.title}"
        script:
            "../scripts/call.py"

    # `snakemake fig4` and so on, for the configured profile.
    rule:
        name:
            figure.name
        input:
            multiext(f"results/{STUDY.profile}/figures/{figure.name}", ".png", ".svg"),
