"""A change of the genres of one file, and the state that the file must be in for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genretag.domain.genre import Names
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.places import GENRE, FieldChange, Place, Values


@dataclass(frozen=True, slots=True)
class Stamp:
    """Size in bytes and time of a file: if one of them differs, somebody changed the file."""

    size: int
    mtime_ns: int


class ChangedPlaces:
    """Derives from a change of genres and other fields what each place holds."""

    before: Names
    after: Names
    fields: tuple[FieldChange, ...]

    @property
    def old(self) -> Values:
        """Values of the places before, the genre among them."""
        return {GENRE: self.before} | {field.place: field.before for field in self.fields}

    @property
    def new(self) -> Values:
        """Values of the places after."""
        return {GENRE: self.after} | {field.place: field.after for field in self.fields}

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that are written: not the genre if only others change."""
        others = tuple(field.place for field in self.fields)
        return others if others and self.before == self.after else (GENRE, *others)


@dataclass(frozen=True)
class TagChange(ChangedPlaces):
    """The genres of one file before and after, and how to lay them out.

    Attributes:
        path: the file.
        container: its row of `tags.CONTAINERS`.
        before: its genres now.
        after: its genres after the change.
        layout: how several genres are stored.
        stamp: the state that the file must still be in; None if any will do.
        raw: a `tags.RawGenres` as JSON, to be put back as it was; None to write `after`.
        written: what was stored right after the write that replaced `raw`, in the same form.
        fields: the changes of other places.
    """

    path: Path
    container: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    layout: Layout = PLAIN
    stamp: Stamp | None = None
    raw: str | None = None
    written: str | None = None
    fields: tuple[FieldChange, ...] = ()


def layout_to_dict(layout: Layout) -> dict[str, Any]:
    """Return `layout` as JSON can hold it, for plans and the journal."""
    return asdict(layout) | {"joined": sorted(layout.joined)}


def layout_from_dict(entries: Mapping[str, Any]) -> Layout:
    """Read what `layout_to_dict` made.

    >>> layout_from_dict(layout_to_dict(PLAIN)) == PLAIN
    True

    Raises:
        ValueError, KeyError, TypeError: `entries` are anything else.
    """
    return Layout(**{**entries, "joined": frozenset(entries["joined"])})
