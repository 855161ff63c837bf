"""Finds sections of the navigation, for hooks that fill them."""

from collections.abc import Iterator
from typing import Any


def find_section(nav: Any, title: str) -> list[Any]:
    """Return the list of pages below `title`; ValueError if there is none, or several."""
    (pages,) = _find_sections(nav, title)
    return pages


def _find_sections(nav: Any, title: str) -> Iterator[list[Any]]:
    for entry in nav:
        for name, pages in entry.items() if isinstance(entry, dict) else ():
            if isinstance(pages, list):
                yield from (pages,) if name == title else _find_sections(pages, title)
