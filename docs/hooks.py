"""What MkDocs does besides rendering: formulas, symbols, and pages from outside docs/."""

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
    """Formulas between double dollars become MathML, which browsers draw without a script; results
    are beside the pages."""
    return re.sub(
        r"\$\$(.+?)\$\$",
        lambda formula: tex2mathml(formula[1].strip(), as_block=True),
        markdown.replace(f"](../{RESULTS}/", "]("),
        flags=re.DOTALL,
    )


def on_page_content(html, **_):
    """Symbols in the text are set as mathematics, as in the report."""
    parts = UNTOUCHED.split(html)  # text, what is left as it is, its tag's name, text, ...
    return "".join(
        symbols(Markup(part)) if k % 3 == 0 else part for k, part in enumerate(parts) if k % 3 != 2
    )


def on_files(files, config):
    """Add README as home page, and the committed report with its figures and linked data."""
    root = Path(config.config_file_path).parent
    home = (root / "README.md").read_text("utf-8").replace("](docs/", "](")
    home = home.replace(f"]({RESULTS}/", "](").replace("/fig2.png)", "/fig2.svg){ width=520 }")
    files.append(File.generated(config, "index.md", content=home))
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        files.append(File.generated(config, name, abs_src_path=str(root / name)))
    folder = root / RESULTS
    linked = set(re.findall(r'href="([\w/]+\.\w+)"', (folder / "report.html").read_text("utf-8")))
    paths = {folder / link for link in linked | {"report.html"} if (folder / link).is_file()}
    for path in sorted(paths):
        name = path.relative_to(folder).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files
