"""Tidy tables of all results: what the figures draw and the claims are judged by."""

from strsbp.study.summary.training import summarise_training as summarise_training
