"""The figures of the study, drawn from data files; nothing is computed here.

Inputs: results/{profile}/summarise_spsp/surfaces.csv, trace_spsp/trace.csv,
summarise_training/{curves,seeds}.csv; resources/claims.yaml for the numbers that the study gives.
Outputs: results/{profile}/plot_<figure>/<figure>.{png,svg}
"""

# `snakemake fig4` and so on, for the configured profile.
for figure in FIGURES:

    rule:
        name:
            figure
        input:
            multiext(f"results/{STUDY.profile}/figures/{figure}", ".png", ".svg"),


rule plot_fig1:
    input:
        surfaces="results/{profile}/summarise_spsp/surfaces.csv",
        code=code("plot_fig1.py"),
    output:
        png="results/{profile}/figures/fig1.png",
        svg=report(
            "results/{profile}/figures/fig1.svg",
            caption="../report/plot_fig1.rst",
            category="Figures",
            labels={"figure": "Fig. 1: e_ij and its dependence on both counts"},
        ),
    log:
        "logs/{profile}/plot_fig1.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing Fig. 1"
    script:
        "../scripts/plot_fig1.py"


rule plot_fig2:
    input:
        curves="results/{profile}/summarise_training/curves.csv",
        seeds="results/{profile}/summarise_training/seeds.csv",
        claims=CLAIMS,
        code=code("plot_fig2.py"),
    output:
        png="results/{profile}/figures/fig2.png",
        svg=report(
            "results/{profile}/figures/fig2.svg",
            caption="../report/plot_fig2.rst",
            category="Figures",
            labels={"figure": "Fig. 2: ST-RSBP and HM2-BP over 10 epochs"},
        ),
    log:
        "logs/{profile}/plot_fig2.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        figure=study_setting("figures", "fig2"),
    message:
        "Drawing Fig. 2"
    script:
        "../scripts/plot_fig2.py"


rule plot_fig3:
    input:
        curves="results/{profile}/summarise_training/curves.csv",
        seeds="results/{profile}/summarise_training/seeds.csv",
        claims=CLAIMS,
        code=code("plot_fig3.py"),
    output:
        png="results/{profile}/figures/fig3.png",
        svg=report(
            "results/{profile}/figures/fig3.svg",
            caption="../report/plot_fig3.rst",
            category="Figures",
            labels={"figure": "Fig. 3: ST-RSBP and HM2-BP over 20 epochs"},
        ),
    log:
        "logs/{profile}/plot_fig3.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        figure=study_setting("figures", "fig3"),
    message:
        "Drawing Fig. 3"
    script:
        "../scripts/plot_fig3.py"


rule plot_fig4:
    input:
        curves="results/{profile}/summarise_training/curves.csv",
        seeds="results/{profile}/summarise_training/seeds.csv",
        claims=CLAIMS,
        code=code("plot_fig4.py"),
    output:
        png="results/{profile}/figures/fig4.png",
        svg=report(
            "results/{profile}/figures/fig4.svg",
            caption="../report/plot_fig4.rst",
            category="Figures",
            labels={"figure": "Fig. 4: the time constant tau_m"},
        ),
    log:
        "logs/{profile}/plot_fig4.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        figure=study_setting("figures", "fig4"),
    message:
        "Drawing Fig. 4"
    script:
        "../scripts/plot_fig4.py"


rule plot_fig5:
    input:
        trace="results/{profile}/trace_spsp/trace.csv",
        code=code("plot_fig5.py"),
    output:
        png="results/{profile}/figures/fig5.png",
        svg=report(
            "results/{profile}/figures/fig5.svg",
            caption="../report/plot_fig5.rst",
            category="Figures",
            labels={"figure": "Fig. 5: one pair of spike trains"},
        ),
    log:
        "logs/{profile}/plot_fig5.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing Fig. 5"
    script:
        "../scripts/plot_fig5.py"


rule plot_fig6:
    input:
        curves="results/{profile}/summarise_training/curves.csv",
        seeds="results/{profile}/summarise_training/seeds.csv",
        code=code("plot_fig6.py"),
    output:
        png="results/{profile}/figures/fig6.png",
        svg=report(
            "results/{profile}/figures/fig6.svg",
            caption="../report/plot_fig6.rst",
            category="Figures",
            labels={"figure": "Fig. 6: the corrected e_ij"},
        ),
    log:
        "logs/{profile}/plot_fig6.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        figure=study_setting("figures", "fig6"),
    message:
        "Drawing Fig. 6"
    script:
        "../scripts/plot_fig6.py"


rule plot_fig7a:
    input:
        surfaces="results/{profile}/summarise_spsp/surfaces.csv",
        claims=CLAIMS,
        code=code("plot_fig7a.py"),
    output:
        png="results/{profile}/figures/fig7a.png",
        svg=report(
            "results/{profile}/figures/fig7a.svg",
            caption="../report/plot_fig7a.rst",
            category="Figures",
            labels={"figure": "Fig. 7a: the fit on the 50 x 50 grid"},
        ),
    log:
        "logs/{profile}/plot_fig7a.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing Fig. 7a"
    script:
        "../scripts/plot_fig7a.py"


rule plot_fig7b:
    input:
        surfaces="results/{profile}/summarise_spsp/surfaces.csv",
        claims=CLAIMS,
        code=code("plot_fig7b.py"),
    output:
        png="results/{profile}/figures/fig7b.png",
        svg=report(
            "results/{profile}/figures/fig7b.svg",
            caption="../report/plot_fig7b.rst",
            category="Figures",
            labels={"figure": "Fig. 7b: the fit on the 100 x 100 grid"},
        ),
    log:
        "logs/{profile}/plot_fig7b.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing Fig. 7b"
    script:
        "../scripts/plot_fig7b.py"


rule plot_listings:
    input:
        trace="results/{profile}/trace_spsp/trace.csv",
        code=code("plot_listings.py"),
    output:
        png="results/{profile}/figures/listings.png",
        svg=report(
            "results/{profile}/figures/listings.svg",
            caption="../report/plot_listings.rst",
            category="Figures",
            labels={"figure": "Listings 1 and 2 compared"},
        ),
    log:
        "logs/{profile}/plot_listings.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing Listings 1 and 2 compared"
    script:
        "../scripts/plot_listings.py"


rule plot_gradients:
    input:
        gradients="results/{profile}/gradients/gradients.csv",
        denominators="results/{profile}/gradients/denominators.csv",
        code=code("plot_gradients.py"),
    output:
        png="results/{profile}/figures/gradients.png",
        svg=report(
            "results/{profile}/figures/gradients.svg",
            caption="../report/plot_gradients.rst",
            category="Figures",
            labels={"figure": "Gradients: denominators and directions"},
        ),
    log:
        "logs/{profile}/plot_gradients.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing denominators and gradients"
    script:
        "../scripts/plot_gradients.py"


rule plot_divergence:
    input:
        curves="results/{profile}/summarise_training/curves.csv",
        code=code("plot_divergence.py"),
    output:
        png="results/{profile}/figures/divergence.png",
        svg=report(
            "results/{profile}/figures/divergence.svg",
            caption="../report/plot_divergence.rst",
            category="Figures",
            labels={"figure": "Divergence: dynamics or table"},
        ),
    log:
        "logs/{profile}/plot_divergence.log",
    conda:
        "../envs/strsbp.yaml"
    params:
        figure=study_setting("figures", "divergence"),
    message:
        "Drawing what happens inside the networks of Fig. 4"
    script:
        "../scripts/plot_divergence.py"


rule plot_expectation:
    input:
        curves="results/{profile}/expectation/curves.csv",
        code=code("plot_expectation.py"),
    output:
        png="results/{profile}/figures/expectation.png",
        svg=report(
            "results/{profile}/figures/expectation.svg",
            caption="../report/plot_expectation.rst",
            category="Open questions",
            labels={"figure": "The expectation of e_ij"},
        ),
    log:
        "logs/{profile}/plot_expectation.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing the expectation of e_ij"
    script:
        "../scripts/plot_expectation.py"


rule plot_fits:
    input:
        fits="results/{profile}/fits/summary.csv",
        code=code("plot_fits.py"),
    output:
        png="results/{profile}/figures/fits.png",
        svg=report(
            "results/{profile}/figures/fits.svg",
            caption="../report/plot_fits.rst",
            category="Open questions",
            labels={"figure": "Fits of e_ij ranked"},
        ),
    log:
        "logs/{profile}/plot_fits.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing the ranking of fits"
    script:
        "../scripts/plot_fits.py"


rule plot_bptt:
    input:
        bptt="results/{profile}/bptt/summary.csv",
        code=code("plot_bptt.py"),
    output:
        png="results/{profile}/figures/bptt.png",
        svg=report(
            "results/{profile}/figures/bptt.svg",
            caption="../report/plot_bptt.rst",
            category="Figures",
            labels={"figure": "BPTT beside ST-RSBP and HM2-BP"},
        ),
    log:
        "logs/{profile}/plot_bptt.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing BPTT beside ST-RSBP and HM2-BP"
    script:
        "../scripts/plot_bptt.py"


rule plot_sweep:
    input:
        constants="results/{profile}/sweep/summary.csv",
        code=code("plot_sweep.py"),
    output:
        png="results/{profile}/figures/sweep.png",
        svg=report(
            "results/{profile}/figures/sweep.svg",
            caption="../report/plot_sweep.rst",
            category="Open questions",
            labels={"figure": "Time constants and thresholds"},
        ),
    log:
        "logs/{profile}/plot_sweep.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing the grids of time constants and thresholds"
    script:
        "../scripts/plot_sweep.py"


rule plot_gradient_check:
    input:
        truth="results/{profile}/gradient_check/summary.csv",
        code=code("plot_gradient_check.py"),
    output:
        png="results/{profile}/figures/gradient_check.png",
        svg=report(
            "results/{profile}/figures/gradient_check.svg",
            caption="../report/plot_gradient_check.rst",
            category="Open questions",
            labels={"figure": "Gradients beside the true one"},
        ),
    log:
        "logs/{profile}/plot_gradient_check.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing gradients beside the true one"
    script:
        "../scripts/plot_gradient_check.py"


rule plot_early_decision:
    input:
        cost="results/{profile}/early_decision/summary.csv",
        code=code("plot_early_decision.py"),
    output:
        png="results/{profile}/figures/early_decision.png",
        svg=report(
            "results/{profile}/figures/early_decision.svg",
            caption="../report/plot_early_decision.rst",
            category="Figures",
            labels={"figure": "Accuracy against cost"},
        ),
    log:
        "logs/{profile}/plot_early_decision.log",
    conda:
        "../envs/strsbp.yaml"
    message:
        "Drawing accuracy against cost"
    script:
        "../scripts/plot_early_decision.py"
