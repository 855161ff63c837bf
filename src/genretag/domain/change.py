"""What is to be written into one file, and what it must still look like then."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genretag.domain.layout import PLAIN, Layout


@dataclass(frozen=True)
class Stamp:
    """What a file looks like from outside: another size or time means that somebody changed it."""

    size: int
    mtime_ns: int


@dataclass(frozen=True)
class TagChange:
    """The genres of one file before and after, and how to lay them out.

    Without `stamp` nobody has looked at the file's size and time, and they do not matter.
    With `raw`, genres as `tags.raw` keeps them, these are put back; `written` is what `tags.raw`
    found right after the write that replaced them.
    """

    path: Path
    container: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    layout: Layout = PLAIN
    stamp: Stamp | None = None
    raw: str | None = None
    written: str | None = None


def layout_as_object(layout: Layout) -> dict[str, Any]:
    """`layout` as JSON can hold it, for plans and the journal."""
    return asdict(layout) | {"joined": sorted(layout.joined)}


def layout_from_object(entries: Mapping[str, Any]) -> Layout:
    """Read what `layout_as_object` made; ValueError, KeyError or TypeError if it is not that."""
    return Layout(**{**entries, "joined": frozenset(entries["joined"])})
