"""Brings pages from outside of docs/ into the site, and lets links lead where a forge leads them.

Links in pages are relative paths in the repository. A link to a file that is no page of the site
becomes plain text.
"""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File
from navigation import find_section

ROOT = Path(__file__).parents[2]
PAGES: Mapping[str, str] = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "models/README.md": "models/index.md",
    "tests/bench/README.md": "project/measurements.md",
    "train/README.md": "training.md",
    **{f"models/{card.name}": f"models/{card.name}" for card in ROOT.glob("models/genretag-*.md")},
}
"""Pages from outside of docs/: the path in the repository, and that in the site."""

_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: Any) -> None:
    """List the decision records in the navigation."""
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    find_section(config.nav, "Decisions").extend(f"adr/{record.name}" for record in records)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages from outside of docs/."""
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Translate the links of a page."""
    uri = page.file.src_uri
    path = next((path for path, known in PAGES.items() if known == uri), f"docs/{uri}")

    def translate(link: re.Match[str]) -> str:
        picture, text, target, anchor = link.groups()
        if ":" in target:
            return link[0]
        found = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if not (ROOT / found).exists():
            return link[0]  # a page that is generated, or none: the build complains
        there = PAGES.get(found) or found.removeprefix("docs/")
        if files.get_file_from_path(there) is None:
            return text
        relative = posixpath.relpath(there, posixpath.dirname(uri) or ".")
        return f"{picture}[{text}]({relative}{anchor or ''})"

    return _LINK.sub(translate, markdown)
