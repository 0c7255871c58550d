"""The study's figures: one file and function each, which draws data files and computes nothing."""
