"""Tidy tables of all results, for the figures and for judging the claims."""
