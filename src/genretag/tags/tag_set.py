"""All tags of a file, and which of them a change of its genres changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from genretag.domain.genre import Names, fold_name
from genretag.domain.layout import Layout
from genretag.domain.places import COMMENT, GENRE, Place, Values
from genretag.tags.container import Container
from genretag.tags.formats import id3v1
from genretag.tags.formats.handler import CannotWriteError, Tag, TagHandler
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

    def values(self, place: Place) -> Names:
        """Return what the first tag has at `place` that has anything there."""
        found = (handler.values(tag, place) for handler, tag in self.tags.items() if tag)
        return next((names for names in found if names), ())

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
        """Return the primary tag as it must be before so many genres are put at one place of it.

        It is created if need be, has its version, and holds what it would hide from players.
        """
        tag = self.primary_tag or self.primary.new_tag()
        tag = self.primary.with_version(tag, layout, n_genres)
        return self.primary.with_texts(tag, self.hidden_texts if n_genres else {})

    def find_updated(
        self, names: Sequence[str], layout: Layout, place: Place = GENRE
    ) -> list[TagHandler]:
        """Return the second tags that take over `names`: synced ones, and others with a genre.

        A synced one that shows nothing goes on doing so: a genre in it might hide other tags. Of
        other places than the genre it takes over what it has room for.
        """
        everywhere = layout.fix_stale or not names or self.primary_tag is None

        def is_updated(handler: TagHandler, tag: Tag) -> bool:
            if not handler.labels(place):
                return False
            if handler in self.container.synced:
                return handler.may_end_search(tag)
            return everywhere and bool(handler.items_of(tag, place))

        seconds = ((h, tag) for h, tag in self.tags.items() if tag and h is not self.primary)
        return [handler for handler, tag in seconds if is_updated(handler, tag)]

    def find_changes(self, values: Values, layout: Layout) -> Changes:
        """Return the tags that differ once `values` are at their places.

        Raises:
            CannotWriteError: the primary tag has no room for one of them.
        """
        found: Changes = []
        for handler in dict.fromkeys((self.primary, *self.tags)):
            mine = {
                place: names
                for place, names in values.items()
                if handler is self.primary or handler in self.find_updated(names, layout, place)
            }
            old = self.tags[handler]
            if not mine or (old is None and not any(mine.values())):
                continue
            new = old or handler.new_tag()
            if handler is self.primary:
                new = self.prepare_primary(layout, count_values(values))
            for place, names in mine.items():
                if names and not handler.labels(place):
                    raise CannotWriteError(describe_no_room(handler, place))
                new = handler.with_values(new, _join(handler, names, layout, place), place)
            if new != old:
                emptied = not new.items and (old is None or old.items)
                found.append((handler, None if handler.removed_when_empty and emptied else new))
        return found

    def find_stale(self, values: Values | None, layout: Layout) -> tuple[StaleTag, ...]:
        """Return the second tags that show other genres than the file, now or with `values`."""
        stale = []
        for place, after in ({GENRE: self.values(GENRE)} if values is None else values).items():
            shown = set(map(fold_name, after))
            new = [] if values is None else self.find_updated(after, layout, place)
            updated = [self.primary, *new] if values is not None else []
            for handler, tag in self.tags.items():
                if tag and handler not in updated:
                    found = handler.values(tag, place)
                    others = tuple(name for name in found if fold_name(name) not in shown)
                    stale += [StaleTag(handler.format, others)] if others else []
        return tuple(stale)


def count_values(values: Values) -> int:
    """Return how many genres the place gets that gets most."""
    return max(map(len, values.values()), default=0)


def describe_no_room(handler: TagHandler, place: Place) -> str:
    """Return why a place cannot be written, in a sentence."""
    return f"its {handler.format} tag has no room for {place}"


def _join(handler: TagHandler, names: Names, layout: Layout, place: Place) -> Names:
    """Return `names`, as one text where `layout` wants that, and always for a comment."""
    is_joined = handler.format in layout.joined or place == COMMENT
    return (SEPARATOR.join(names),) if names and is_joined else names
