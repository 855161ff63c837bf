"""All tags of a file, and which of them a change of its genres changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from genretag.domain.genre import fold_name
from genretag.domain.layout import Layout
from genretag.tags.container import Container
from genretag.tags.formats import id3v1
from genretag.tags.formats.handler import Tag, TagHandler
from genretag.tags.formats.names import SEPARATOR

Changes = list[tuple[TagHandler, Tag | None]]
"""Tags that differ, as they are to be; None for one that goes."""


@dataclass(frozen=True)
class StaleTag:
    """A second tag, and genres in it that the file's own tag does not have."""

    tag: str
    genres: tuple[str, ...]


@dataclass(frozen=True)
class TagSet:
    """All tags that a file has where its container keeps them; None where it has none."""

    container: Container
    tags: dict[TagHandler, Tag | None]

    @property
    def primary(self) -> TagHandler:
        """The tag where the genre belongs: the one that players read.

        That is the first that may end their search; else one that holds something; else the one
        to be created. A synced tag gets the genre in any case.
        """
        primary, synced = self.container.primary, self.container.synced
        present = [handler for handler in primary if (tag := self.tags[handler]) and tag.items]
        for handler in present:
            tag = self.tags[handler]
            if tag and handler.may_end_search(tag) and handler not in synced:
                return handler
        return present[0] if present else self.container.new_primary

    @property
    def primary_tag(self) -> Tag | None:
        """What is there of it."""
        return self.tags[self.primary]

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of the first tag that has any."""
        found = (handler.genres(tag) for handler, tag in self.tags.items() if tag)
        return next((genres for genres in found if genres), ())

    @property
    def id3v1_texts(self) -> dict[str, str]:
        """The texts of the ID3v1 tag, by what they mean; none without one."""
        found = (tag for handler, tag in self.tags.items() if tag and handler.format == "ID3v1")
        return next(map(id3v1.parse_texts, found), {})

    @property
    def hidden_texts(self) -> dict[str, str]:
        """The texts of the ID3v1 tag that a genre in the primary tag would hide from players."""
        tag = self.primary_tag
        return {} if tag and self.primary.ends_search(tag) else self.id3v1_texts

    def prepare_primary(self, layout: Layout, n_genres: int) -> Tag:
        """Return the primary tag as it must be before `n_genres` genres are put into it.

        It is created if need be, has its version, and holds what it would hide from players.
        """
        tag = self.primary_tag or self.primary.new_tag()
        tag = self.primary.with_version(tag, layout, n_genres)
        return self.primary.with_texts(tag, self.hidden_texts if n_genres else {})

    def find_updated(self, names: Sequence[str], layout: Layout) -> list[TagHandler]:
        """Return the second tags that take over `names`: synced ones, and others with a genre.

        A synced one that shows nothing goes on doing so: a genre in it might hide other tags.
        """
        everywhere = layout.fix_stale or not names or self.primary_tag is None

        def is_updated(handler: TagHandler, tag: Tag) -> bool:
            if handler in self.container.synced:
                return handler.may_end_search(tag)
            return everywhere and bool(handler.genre_items(tag))

        seconds = ((h, tag) for h, tag in self.tags.items() if tag and h is not self.primary)
        return [handler for handler, tag in seconds if is_updated(handler, tag)]

    def find_changes(self, names: tuple[str, ...], layout: Layout) -> Changes:
        """Return the tags that differ once `names` are the genres."""
        found: Changes = []
        for handler in (self.primary, *self.find_updated(names, layout)):
            old = self.tags[handler]
            if old is None and not names:
                continue
            tag = old or handler.new_tag()
            if handler is self.primary:
                tag = self.prepare_primary(layout, len(names))
            new = handler.with_genres(tag, _join(handler, names, layout))
            if new != old:
                emptied = not new.items and (old is None or old.items)
                found.append((handler, None if handler.removed_when_empty and emptied else new))
        return found

    def find_stale(self, after: tuple[str, ...] | None, layout: Layout) -> tuple[StaleTag, ...]:
        """Return the second tags that show other genres than the file, now or with `after`."""
        shown = {fold_name(name) for name in (self.genres if after is None else after)}
        updated = [] if after is None else [self.primary, *self.find_updated(after, layout)]
        stale = []
        for handler, tag in self.tags.items():
            if tag and handler not in updated:
                others = [name for name in handler.genres(tag) if fold_name(name) not in shown]
                stale += [StaleTag(handler.format, tuple(others))] if others else []
        return tuple(stale)


def _join(handler: TagHandler, names: tuple[str, ...], layout: Layout) -> tuple[str, ...]:
    """Return `names`, as one text where `layout` wants that for tags of this format."""
    return (SEPARATOR.join(names),) if names and handler.format in layout.joined else names
