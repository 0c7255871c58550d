"""The figures of strsbp/study/figures/catalogue.py, drawn from data files; nothing is computed here.

Inputs: the files that the catalogue names, below results/{profile}/; resources/claims.yaml for the
numbers that the study gives.
Outputs: results/{profile}/figures/<figure>.{png,svg}
"""

for figure in FIGURES:

    # `snakemake fig4` and so on, for the configured profile.
    rule:
        name:
            figure.name
        input:
            multiext(f"results/{STUDY.profile}/figures/{figure.name}", ".png", ".svg"),

    rule:
        name:
            f"plot_{figure.name}"
        input:
            **figure_data(figure),
            code=figure_code(figure),
        output:
            png=f"results/{{profile}}/figures/{figure.name}.png",
            svg=report(
                f"results/{{profile}}/figures/{figure.name}.svg",
                caption=f"../report/plot_{figure.name}.rst",
                category=figure.category,
                labels={"figure": figure.title},
            ),
        log:
            f"logs/{{profile}}/plot_{figure.name}.log",
        conda:
            "../envs/strsbp.yaml"
        params:
            figure=figure.name,
            options=study_setting(*figure.options.split(".")) if figure.options else {},
        message:
            f"Drawing {figure.title}"
        script:
            "../scripts/plot.py"
