"""The study's figures: each function draws data files, and computes nothing."""

from strsbp.figures.fig1 import plot_fig1 as plot_fig1
from strsbp.figures.fig2 import plot_fig2 as plot_fig2
from strsbp.figures.fig3 import plot_fig3 as plot_fig3
from strsbp.figures.fig4 import plot_fig4 as plot_fig4
from strsbp.figures.fig5 import plot_fig5 as plot_fig5
from strsbp.figures.fig6 import plot_fig6 as plot_fig6
from strsbp.figures.fig7a import plot_fig7a as plot_fig7a
from strsbp.figures.fig7b import plot_fig7b as plot_fig7b
from strsbp.figures.listings import plot_listings as plot_listings
