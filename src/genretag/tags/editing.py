"""What becomes of each tag of a file when its genres change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from genretag.domain.genre import folded
from genretag.domain.layout import Layout
from genretag.tags.containers import Container
from genretag.tags.model import Kind, Tag
from genretag.tags.names import JOINT


@dataclass(frozen=True)
class StaleGenre:
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
        """Where the genre belongs: the first home that is there, or the one to be made."""
        homes = self.container.homes
        return next((kind for kind in homes if self.by_kind[kind]), homes[-1])

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the first tag that has any."""
        found = (kind.genres(tag) for kind, tag in self.by_kind.items() if tag)
        return next((genres for genres in found if genres), ())

    def followers(self, names: Sequence[str], layout: Layout) -> list[Kind]:
        """The second tags that take over `names`, because they have a genre to replace."""
        everywhere = layout.fix_stale or not names or self.by_kind[self.home] is None
        follow = self.container.kinds if everywhere else self.container.mirrors
        return [kind for kind in follow if kind is not self.home and self._has_genre(kind)]

    def changes(
        self, file: BinaryIO, names: tuple[str, ...], layout: Layout
    ) -> list[tuple[Kind, Tag | None]]:
        """The tags that differ once `names` are the genres; None for one that goes."""
        found: list[tuple[Kind, Tag | None]] = []
        for kind in (self.home, *self.followers(names, layout)):
            old = self.by_kind[kind]
            tag = old if old or not names else kind.new(file)
            if tag is None:
                continue
            if kind is self.home:
                tag = kind.laid_out(tag, layout, len(names))
            new = kind.with_genres(tag, values(kind, names, layout))
            if new != old:
                found.append((kind, None if kind.disposable and not new.items else new))
        return found

    def stale(self, after: tuple[str, ...] | None, layout: Layout) -> tuple[StaleGenre, ...]:
        """The second tags that show other genres than the file, now or once it has `after`."""
        shown = {folded(name) for name in (self.genres if after is None else after)}
        spared = [] if after is None else [self.home, *self.followers(after, layout)]
        found = []
        for kind, tag in self.by_kind.items():
            other = [
                name for name in (kind.genres(tag) if tag else ()) if folded(name) not in shown
            ]
            if other and kind not in spared:
                found.append(StaleGenre(kind.name, tuple(other)))
        return tuple(found)

    def _has_genre(self, kind: Kind) -> bool:
        tag = self.by_kind[kind]
        return tag is not None and any(kind.is_genre(item) for item in tag.items)


def values(kind: Kind, names: tuple[str, ...], layout: Layout) -> tuple[str, ...]:
    """`names` as `layout` wants them in tags of this kind."""
    return (JOINT.join(names),) if names and kind.format in layout.joined else names
