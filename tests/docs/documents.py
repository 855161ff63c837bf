"""The pages of the documentation, and the blocks of code in them.

A block that cannot run where tests run has a comment before it that says why:
`<!-- not run: needs a server -->`. So does a page: `<!-- no block is run: takes hours -->`.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "docs" / "hooks"
sys.path.append(str(HOOKS))  # mkdocs imports them so as well


def list_pages() -> list[str]:
    """Return all pages that the site is made of, as paths in the repository."""
    from pages import PAGES

    own = (path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md"))
    return sorted({*own, *PAGES})


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        page: its page.
        line: the number of its first line.
        language: what stands behind the fence.
        title: the name of a file, if the block is one.
        text: what is in it, without the indent of a list.
        not_run: why it cannot run here; empty if it can.
    """

    page: str
    line: int
    language: str
    title: str
    text: str
    not_run: str

    @property
    def place(self) -> str:
        """Page and line."""
        return f"{self.page}:{self.line}"


_PAGE = re.compile(r"<!-- no block is run: ([^\n]+?) -->")
_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]+?) -->\n)?^(?P<indent> *)```(?P<language>\w*)"
    r"(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


def read_page(page: str) -> str:
    """Return the Markdown of a page."""
    return (ROOT / page).read_text("utf-8")


def read_blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page, in their order."""
    text = read_page(page)
    for_all = _PAGE.search(text)
    for found in _BLOCK.finditer(text):
        yield Block(
            page,
            text.count("\n", 0, found.start("text")) + 1,
            found["language"],
            found["title"] or "",
            re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            for_all[1] if for_all else found["why"] or "",
        )


BLOCKS = [block for page in list_pages() for block in read_blocks(page)]
