"""What becomes of each tag of a file when its genres change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from genretag.domain.genre import fold_name
from genretag.domain.layout import Layout
from genretag.tags import id3v1
from genretag.tags.containers import Container
from genretag.tags.model import Kind, Tag
from genretag.tags.names import JOINT


@dataclass(frozen=True)
class StaleTag:
    """A second tag, and genres in it that the file's own tag does not have."""

    tag: str
    genres: tuple[str, ...]


@dataclass(frozen=True)
class Tags:
    """All tags that a file has where its container keeps them."""

    container: Container
    by_kind: dict[Kind, Tag | None]

    @classmethod
    def of(cls, container: Container, file: BinaryIO) -> "Tags":
        """The tags of `file`; BrokenTagsError if one of them is broken."""
        return cls(container, {kind: kind.load(file) for kind in container.kinds})

    @property
    def home(self) -> Kind:
        """Return where the genre belongs: into the tag that players read.

        That is the first for which they look no further; else one that holds something; else the
        one to be made. A mirror gets the genre in any case.
        """
        homes, mirrors = self.container.homes, self.container.mirrors
        there = [(kind, tag) for kind in homes if (tag := self.by_kind[kind]) and tag.items]
        shown = (kind for kind, tag in there if kind.shows(tag) and kind not in mirrors)
        return next(shown, there[0][0] if there else self.container.new_home)

    @property
    def id3v1_fields(self) -> dict[str, str]:
        """The texts of the ID3v1 tag, by what they mean; none without one."""
        found = (tag for kind, tag in self.by_kind.items() if tag and kind.format == "ID3v1")
        return next(map(id3v1.fields, found), {})

    @property
    def hidden(self) -> dict[str, str]:
        """The texts of the ID3v1 tag, if a genre in the home is what hides them from players."""
        tag = self.by_kind[self.home]
        return {} if tag and self.home.hides(tag) else self.id3v1_fields

    def opened(self, layout: Layout, genres: int) -> Tag:
        """The home's tag, made if need be, in its version for so many genres and without them.

        What it would hide from players is copied into it.
        """
        tag = self.by_kind[self.home] or self.home.new()
        laid_out = self.home.without_genres(self.home.laid_out(tag, layout, genres))
        return self.home.described(laid_out, self.hidden if genres else {})

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the first tag that has any."""
        found = (kind.genres(tag) for kind, tag in self.by_kind.items() if tag)
        return next((genres for genres in found if genres), ())

    def followers(self, names: Sequence[str], layout: Layout) -> list[Kind]:
        """The second tags that take over `names`: mirrors, and others with a genre to replace.

        A mirror that shows nothing goes on doing so: a genre in it might hide other tags.
        """
        everywhere = layout.fix_stale or not names or self.by_kind[self.home] is None
        return [
            kind
            for kind, tag in self.by_kind.items()
            if tag and kind is not self.home and self._follows(kind, tag, everywhere)
        ]

    def _follows(self, kind: Kind, tag: Tag, everywhere: bool) -> bool:
        if kind in self.container.mirrors:
            return kind.shows(tag)
        return everywhere and any(kind.is_genre(item) for item in tag.items)

    def changes(self, names: tuple[str, ...], layout: Layout) -> list[tuple[Kind, Tag | None]]:
        """The tags that differ once `names` are the genres; None for one that goes."""
        found: list[tuple[Kind, Tag | None]] = []
        for kind in (self.home, *self.followers(names, layout)):
            old = self.by_kind[kind]
            if old is None and not names:
                continue
            tag = old or kind.new()
            if kind is self.home:
                tag = kind.laid_out(tag, layout, len(names))
                tag = kind.described(tag, self.hidden if names else {})
            new = kind.with_genres(tag, values(kind, names, layout))
            if new != old:
                emptied = not new.items and (old is None or old.items)
                found.append((kind, None if kind.disposable and emptied else new))
        return found

    def stale(self, after: tuple[str, ...] | None, layout: Layout) -> tuple[StaleTag, ...]:
        """The second tags that show other genres than the file, now or once it has `after`."""
        shown = {fold_name(name) for name in (self.genres if after is None else after)}
        spared = [] if after is None else [self.home, *self.followers(after, layout)]
        found = []
        for kind, tag in self.by_kind.items():
            other = [
                name for name in (kind.genres(tag) if tag else ()) if fold_name(name) not in shown
            ]
            if other and kind not in spared:
                found.append(StaleTag(kind.name, tuple(other)))
        return tuple(found)


def values(kind: Kind, names: tuple[str, ...], layout: Layout) -> tuple[str, ...]:
    """`names` as `layout` wants them in tags of this kind."""
    return (JOINT.join(names),) if names and kind.format in layout.joined else names
