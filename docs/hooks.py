"""What MkDocs does besides rendering: formulas, symbols such as e_ij, and results as pages."""

import re
from pathlib import Path

from docutils.utils.math.latex2mathml import tex2mathml
from markupsafe import Markup
from mkdocs.structure.files import File

from strsbp.study.report.text import symbols

RESULTS = Path("results/paper")
UNTOUCHED = re.compile(r"(<(pre|code|math)\b.*?</\2>|<[^>]*>)", re.DOTALL)
"""Code, formulas and tags; all else is text."""


def on_page_markdown(markdown, **_):
    """Formulas between double dollars become MathML, which browsers draw without a script."""
    return re.sub(
        r"\$\$(.+?)\$\$",
        lambda formula: tex2mathml(formula[1].strip(), as_block=True),
        markdown,
        flags=re.DOTALL,
    )


def on_page_content(html, **_):
    """Symbols in the text are set as mathematics, as in the report."""
    parts = UNTOUCHED.split(html)  # text, what is left as it is, its tag's name, text, ...
    return "".join(
        symbols(Markup(part)) if k % 3 == 0 else part for k, part in enumerate(parts) if k % 3 != 2
    )


def on_files(files, config):
    """Add the committed figures as figures/<name>.svg, and the report as report.html."""
    root = Path(config.config_file_path).parent
    for path in sorted((root / RESULTS / "figures").glob("*.svg")):
        files.append(File.generated(config, f"figures/{path.name}", abs_src_path=str(path)))
    report = root / RESULTS / "report.html"
    files.append(File.generated(config, "report.html", abs_src_path=str(report)))
    return files
