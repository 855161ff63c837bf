"""The genres of a file exactly as they are stored, to be put back exactly."""

import json
from dataclasses import dataclass, replace

from genretag.domain.layout import PLAIN, Layout
from genretag.tags.containers import CONTAINERS
from genretag.tags.formats.handler import Item, Tag, TagHandler
from genretag.tags.tag_set import Changes, TagSet

SCHEMA = 1


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


@dataclass(frozen=True)
class RawGenres:
    """The genres of a file as they are stored in each of its tags."""

    container: str
    tags: tuple[RawTag, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The genres by name, from the first tag that has any."""
        handlers = {handler.format: handler for handler in CONTAINERS[self.container].handlers}
        found = (_names(handlers[tag.format], tag) for tag in self.tags if tag.format in handlers)
        return next((names for names in found if names), ())

    def find(self, handler: TagHandler) -> RawTag:
        """Return the tag of one format; one without a header if there was none."""
        none = RawTag(handler.format)
        return next((tag for tag in self.tags if tag.format == handler.format), none)

    def to_json(self) -> str:
        """Return text that `from_json` reads; bytes are written in hexadecimal."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "container": self.container,
                "tags": [_entry(tag) for tag in self.tags],
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "RawGenres":
        """Read what `to_json` wrote; ValueError if it is anything else."""
        try:
            entries = json.loads(text)
            if entries["schema"] != SCHEMA or entries["container"] not in CONTAINERS:
                raise ValueError("these raw genres were written by another version")
            return cls(entries["container"], tuple(_tag(entry) for entry in entries["tags"]))
        except (KeyError, TypeError) as error:
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


def _names(handler: TagHandler, raw: RawTag) -> tuple[str, ...]:
    items = tuple(item for _, item in raw.items if handler.is_genre(item))
    return handler.genres(Tag(items, raw.header or b"")) if items else ()


def take(tags: TagSet, layout: Layout) -> RawGenres:
    """Return the genres in `tags`, and whatever else a write with `layout` would change."""
    raw = (_take_tag(tags, handler, tag, layout) for handler, tag in tags.tags.items())
    return RawGenres(tags.container.name, tuple(raw))


def _take_tag(tags: TagSet, handler: TagHandler, tag: Tag | None, layout: Layout) -> RawTag:
    if tag is None:
        return RawTag(handler.format)
    keys = {item.key for item in handler.genre_items(tag)}
    copied: set[str] = set()
    if handler is tags.primary:
        keys |= handler.changed_keys(tag, layout)
        prepared = tags.prepare_primary(layout, 1)
        copies = handler.with_texts(Tag(header=prepared.header), tags.hidden_texts)
        copied = {item.key for item in copies.items} - {item.key for item in tag.items}
    items = tuple((at, item) for at, item in enumerate(tag.items) if item.key in keys)
    return RawTag(handler.format, tag.header, tuple(sorted(keys)), items, tuple(sorted(copied)))


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
            new[handler] = _recreate(tags, handler, old)
        elif old.header is None:
            new[handler] = _remove(tags, handler, tag, raw.names)
        else:
            new[handler] = _restore_tag(
                tags, handler, tag, old, tag.header if left is None else left
            )
    restored = replace(tags, tags=new)
    if restored.genres != raw.names:
        # The tag that held them is gone: they go where genres belong in the file as it is.
        new |= restored.find_changes(raw.names, PLAIN)
    return [(handler, tag) for handler, tag in new.items() if tag != tags.tags[handler]]


def _recreate(tags: TagSet, handler: TagHandler, old: RawTag) -> Tag | None:
    """Return the tag that somebody took out, if the genre belongs there; it hides no other."""
    items = tuple(item for _, item in old.items if handler.is_genre(item))
    if not items or handler is not tags.primary:
        return None
    bare = handler.with_texts(Tag(header=old.header or b""), tags.hidden_texts)
    return replace(bare, items=(*bare.items, *items))


def _remove(tags: TagSet, handler: TagHandler, tag: Tag, names: tuple[str, ...]) -> Tag | None:
    """Return `tag` as it must be where there was none: gone, unless others have added to it."""
    bare = handler.with_texts(Tag(header=tag.header), tags.id3v1_texts)
    rest = handler.without_genres(tag)
    if handler in tags.container.primary and rest.items in ((), bare.items):
        return None
    return handler.with_genres(tag, names) if handler.genres(tag) else tag


def _restore_tag(tags: TagSet, handler: TagHandler, tag: Tag, old: RawTag, written: bytes) -> Tag:
    """Return `tag` with the genre items of `old` at their positions, and in its version."""
    header = old.header or b""
    others = tuple(item for _, item in old.items if not handler.is_genre(item))
    rest = _without_copies(tags, handler, handler.without_genres(tag), old)
    new, unchanged = handler.undo_version(rest, Tag(others, header), written)
    genres = [(at, item) for at, item in old.items if handler.is_genre(item)]
    if genres and not handler.ends_search(new) and not handler.ends_search(tag):
        new = handler.with_texts(new, tags.id3v1_texts)
    converted = handler.convert_items([item for _, item in genres], header, new)
    positions = [(at, item) for at, item in old.items if item in unchanged]
    positions += [(at, item) for (at, _), item in zip(genres, converted, strict=False)]
    items = list(new.items)
    for at, item in sorted(positions, key=lambda position: position[0]):
        items.insert(at, item)
    return replace(new, items=tuple(items))


def _without_copies(tags: TagSet, handler: TagHandler, tag: Tag, old: RawTag) -> Tag:
    """Return `tag` without what was copied from ID3v1, unless what others added would hide that."""
    copies = handler.with_texts(Tag(header=tag.header), tags.id3v1_texts).items
    written = [item for item in copies if item.key in old.copied]
    rest = replace(tag, items=tuple(item for item in tag.items if item not in written))
    return tag if handler.ends_search(rest) else rest
