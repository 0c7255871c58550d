"""The study's claims as data, and the verdicts that follow from measured files."""

from strsbp.study.claims.judging import Claim as Claim
from strsbp.study.claims.judging import judge_claims as judge_claims
from strsbp.study.claims.judging import load_claims as load_claims
from strsbp.study.claims.judging import published_value as published_value
from strsbp.study.claims.judging import read_judged as read_judged
from strsbp.study.claims.rules import Verdict as Verdict
