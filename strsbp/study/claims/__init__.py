"""The study's claims as data, and the verdicts that follow from measured files."""

from strsbp.study.claims.entries import load_topics as load_topics
from strsbp.study.claims.entries import published_value as published_value
from strsbp.study.claims.judging import read_judged as read_judged
from strsbp.study.claims.rules import Verdict as Verdict
