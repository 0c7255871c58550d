"""The study's figures: one file and one function each, drawing data files, computing nothing."""
