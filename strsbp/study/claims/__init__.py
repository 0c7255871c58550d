"""The study's claims as data, and the verdicts that follow from measured files."""
