"""Answers to the questions that the study leaves open."""
