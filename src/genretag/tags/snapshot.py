"""The genres of a file exactly as they are stored, to be put back exactly.

Old journals have no places: what they hold is the genre alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genretag.domain.genre import Names
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.places import GENRE, Place
from genretag.tags.containers import CONTAINERS
from genretag.tags.formats.handler import Item, Tag, TagHandler
from genretag.tags.tag_set import Changes, TagSet

SCHEMA = 1
PLACES_SCHEMA = 2
"""Of genres at other places, which versions that do not know these must not put back."""


@dataclass(frozen=True)
class RawTag:
    """The items that one tag stores under `keys`, at which positions; `header` is None for no tag.

    Besides the genre, `keys` name the ID3 frames that a change of version would rewrite. `copied`
    are the keys of what a write copies there from ID3v1.
    """

    format: str
    header: bytes | None = None
    keys: tuple[str, ...] = ()
    items: tuple[tuple[int, Item], ...] = ()
    copied: tuple[str, ...] = ()

    @property
    def as_tag(self) -> Tag:
        """The items as a tag of their own."""
        return Tag(tuple(item for _, item in self.items), self.header or b"")


@dataclass(frozen=True)
class RawGenres:
    """The genres of a file as they are stored in each of its tags, at all `places` or some."""

    container: str
    tags: tuple[RawTag, ...]
    places: tuple[Place, ...] = (GENRE,)

    @property
    def names(self) -> Names:
        """The genres by name that stand where genres do."""
        return self.values(GENRE)

    def values(self, place: Place) -> Names:
        """Return the genres at `place` by name, from the first tag that has any."""
        handlers = {handler.format: handler for handler in CONTAINERS[self.container].handlers}
        found = (
            handlers[tag.format].values(tag.as_tag, place)
            for tag in self.tags
            if tag.items and tag.format in handlers and handlers[tag.format].labels(place)
        )
        return next((names for names in found if names), ())

    def find(self, handler: TagHandler) -> RawTag:
        """Return the tag of one format; one without a header if there was none."""
        none = RawTag(handler.format)
        return next((tag for tag in self.tags if tag.format == handler.format), none)

    def to_json(self) -> str:
        """Return text that `from_json` reads; bytes are written in hexadecimal."""
        is_plain = self.places == (GENRE,)
        entries = {
            "schema": SCHEMA if is_plain else PLACES_SCHEMA,
            "container": self.container,
            "tags": [_entry(tag) for tag in self.tags],
        }
        return json.dumps(entries if is_plain else entries | {"places": self.places})

    @classmethod
    def from_json(cls, text: str) -> "RawGenres":
        """Read what `to_json` wrote; ValueError if it is anything else."""
        try:
            entries = json.loads(text)
            places = {SCHEMA: (GENRE,), PLACES_SCHEMA: entries.get("places")}.get(entries["schema"])
            if not places or entries["container"] not in CONTAINERS:
                raise ValueError("these raw genres were written by another version")
            found = tuple(_tag(entry) for entry in entries["tags"])
            return cls(entries["container"], found, tuple(places))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"these are not raw genres: {error}") from error


def _entry(tag: RawTag) -> dict[str, object]:
    return {
        "format": tag.format,
        "header": None if tag.header is None else tag.header.hex(),
        "keys": list(tag.keys),
        "items": [[at, item.key, item.data.hex()] for at, item in tag.items],
        "copied": list(tag.copied),
    }


def _tag(entry: dict[str, object]) -> RawTag:
    header, keys, items = entry["header"], entry["keys"], entry["items"]
    copied = entry.get("copied", [])  # older journals lack it
    if not (isinstance(keys, list) and isinstance(items, list) and isinstance(copied, list)):
        raise TypeError("keys and items must be lists")
    return RawTag(
        str(entry["format"]),
        None if header is None else bytes.fromhex(str(header)),
        tuple(keys),
        tuple((at, Item(key, bytes.fromhex(data))) for at, key, data in items),
        tuple(copied),
    )


def take(tags: TagSet, layout: Layout, places: Sequence[Place]) -> RawGenres:
    """Return what is at `places` in `tags`, and all else a write with `layout` would change."""
    raw = (_take_tag(tags, handler, tag, layout, places) for handler, tag in tags.tags.items())
    return RawGenres(tags.container.name, tuple(raw), tuple(places))


def _take_tag(
    tags: TagSet, handler: TagHandler, tag: Tag | None, layout: Layout, places: Sequence[Place]
) -> RawTag:
    if tag is None:
        return RawTag(handler.format)
    held = [item for place in places for item in handler.items_of(tag, place)]
    changed: set[str] = set()
    copied: set[str] = set()
    if handler is tags.primary:
        changed = handler.changed_keys(tag, layout)
        prepared = tags.prepare_primary(layout, 1)
        copies = handler.with_texts(Tag(header=prepared.header), tags.hidden_texts)
        copied = {item.key for item in copies.items} - {item.key for item in tag.items}
    items = tuple(
        (at, item) for at, item in enumerate(tag.items) if item.key in changed or item in held
    )
    keys = sorted(changed | {item.key for item in held})
    return RawTag(handler.format, tag.header, tuple(keys), items, tuple(sorted(copied)))


def restore(tags: TagSet, raw: RawGenres, written: RawGenres | None) -> Changes:
    """Return the tags that differ once the genres are as in `raw` again.

    What others changed since stays as they left it: the version of a tag too, unless it is still
    the one that the write left.

    Args:
        tags: of the file as it is now.
        raw: what `take` returned before a write.
        written: what it returned after that write; None stands for what there is now.
    """
    new: dict[TagHandler, Tag | None] = {}
    for handler, tag in tags.tags.items():
        old, left = raw.find(handler), written.find(handler).header if written else None
        if tag is None:
            new[handler] = _recreate(tags, handler, old, raw.places)
        elif old.header is None:
            new[handler] = _remove(tags, handler, tag, raw)
        else:
            new[handler] = _Restoring(
                tags, handler, tag, old, raw.places, tag.header if left is None else left
            ).restore()
    restored = replace(tags, tags=new)
    lost = {
        place: raw.values(place)
        for place in raw.places
        if restored.values(place) != raw.values(place)
    }
    # The tag that held them is gone: they go where genres belong in the file as it is.
    new |= restored.find_changes(lost, PLAIN)
    return [(handler, tag) for handler, tag in new.items() if tag != tags.tags[handler]]


def _recreate(
    tags: TagSet, handler: TagHandler, old: RawTag, places: Sequence[Place]
) -> Tag | None:
    """Return the tag that somebody took out, if the genre belongs there; it hides no other."""
    items = _items_at(handler, old, places)
    if not items or handler is not tags.primary:
        return None
    bare = handler.with_texts(Tag(header=old.header or b""), tags.hidden_texts)
    return replace(bare, items=(*handler.without(bare, places).items, *items))


def _items_at(handler: TagHandler, old: RawTag, places: Sequence[Place]) -> tuple[Item, ...]:
    """Return the items of `old` that hold places, in their order."""
    held = [item for place in places for item in handler.items_of(old.as_tag, place)]
    return tuple(item for _, item in old.items if item in held)


def _remove(tags: TagSet, handler: TagHandler, tag: Tag, raw: RawGenres) -> Tag | None:
    """Return `tag` as it must be where there was none: gone, unless others have added to it."""
    bare = handler.without(handler.with_texts(Tag(header=tag.header), tags.id3v1_texts), raw.places)
    rest = handler.without(tag, raw.places)
    if handler in tags.container.primary and rest.items in ((), bare.items):
        return None
    for place in raw.places:
        if handler.values(tag, place):
            tag = handler.with_values(tag, raw.values(place), place)
    return tag


@dataclass(frozen=True)
class _Restoring:
    """Puts the items of `old` that hold `places` back into `tag`, which a write left `written`."""

    tags: TagSet
    handler: TagHandler
    tag: Tag
    old: RawTag
    places: Sequence[Place]
    written: bytes

    def restore(self) -> Tag:
        """Return `tag` with those items at their positions, and in its old version."""
        handler, header = self.handler, self.old.header or b""
        held = _items_at(handler, self.old, self.places)
        others = tuple(item for _, item in self.old.items if item not in held)
        new, unchanged = handler.undo_version(
            self._without_copies(), Tag(others, header), self.written
        )
        if held and not handler.ends_search(new) and not handler.ends_search(self.tag):
            new = handler.with_texts(new, self.tags.id3v1_texts)
        positions = [(at, item) for at, item in self.old.items if item in unchanged]
        for place in self.places:
            mine = handler.items_of(self.old.as_tag, place)
            converted = handler.convert_items(mine, header, new, place)
            positions += zip(
                (at for at, item in self.old.items if item in mine), converted, strict=False
            )
        items = list(new.items)
        for at, item in sorted(positions, key=lambda position: position[0]):
            items.insert(at, item)
        return replace(new, items=tuple(items))

    def _without_copies(self) -> Tag:
        """Return `tag` without the places, and without what was copied from ID3v1.

        The copies stay if what others added would hide ID3v1.
        """
        tag = self.handler.without(self.tag, self.places)
        copies = self.handler.with_texts(Tag(header=tag.header), self.tags.id3v1_texts).items
        written = [item for item in copies if item.key in self.old.copied]
        rest = replace(tag, items=tuple(item for item in tag.items if item not in written))
        return tag if self.handler.ends_search(rest) else rest
