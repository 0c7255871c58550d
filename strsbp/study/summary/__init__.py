"""Tidy tables of all results, for the figures and for judging the claims."""

from strsbp.study.summary.training import summarise_training as summarise_training
