"""The report: one self-contained page from the results files, and its short form in a terminal."""
