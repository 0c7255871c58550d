"""The report: one self-contained page from the results files, and its short form in a terminal."""

from strsbp.study.report.build import build_report as build_report
