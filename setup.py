"""The README for a package index, where its links need to be absolute; pyproject.toml has the rest.

A link leads to the file at the project's source, an image to its content.
"""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
SOURCE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Source"]


def absolute(link: re.Match) -> str:
    image, text, target = link.groups()
    return f"{image}[{text}]({SOURCE}/{'raw' if image else 'blob'}/main/{target})"


readme = (ROOT / "README.md").read_text(encoding="utf-8")
setup(
    long_description=re.sub(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)", absolute, readme),
    long_description_content_type="text/markdown",
)
