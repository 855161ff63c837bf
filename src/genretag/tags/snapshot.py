"""The genres of a file exactly as they are stored, to be put back exactly."""

import json
from dataclasses import dataclass, replace

from genretag.domain.layout import PLAIN, Layout
from genretag.tags.containers import CONTAINERS
from genretag.tags.editing import Tags
from genretag.tags.model import Item, Kind, Tag

SCHEMA = 1


@dataclass(frozen=True)
class RawTag:
    """What one tag has stored under `keys`, at which places; `header` is None for no tag.

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
        kinds = {kind.format: kind for kind in CONTAINERS[self.container].kinds}
        found = (_names(kinds[tag.format], tag) for tag in self.tags if tag.format in kinds)
        return next((names for names in found if names), ())

    def of(self, kind: Kind) -> RawTag:
        """Return what is known of one kind of tag; that there was none if nothing is."""
        return next((tag for tag in self.tags if tag.format == kind.format), RawTag(kind.format))

    def to_json(self) -> str:
        """Text that `from_json` reads; bytes are written in hexadecimal."""
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


def _names(kind: Kind, raw: RawTag) -> tuple[str, ...]:
    items = tuple(item for _, item in raw.items if kind.is_genre(item))
    return kind.genres(Tag(items, raw.header or b"")) if items else ()


def kept(tags: Tags, layout: Layout) -> RawGenres:
    """The genres in `tags`, and whatever else a write with `layout` would change."""
    found = []
    for kind, tag in tags.by_kind.items():
        if tag is None:
            found.append(RawTag(kind.format))
            continue
        keys = {item.key for item in tag.items if kind.is_genre(item)}
        copied: set[str] = set()
        if kind is tags.home:
            keys |= kind.rewritten(tag, layout)
            opened = tags.opened(layout, 1)
            bare = kind.described(Tag(header=opened.header), tags.hidden)
            copied = {item.key for item in bare.items} - {item.key for item in tag.items}
        items = tuple((at, item) for at, item in enumerate(tag.items) if item.key in keys)
        found.append(
            RawTag(kind.format, tag.header, tuple(sorted(keys)), items, tuple(sorted(copied)))
        )
    return RawGenres(tags.container.name, tuple(found))


def put_back(
    tags: Tags, raw: RawGenres, written: RawGenres | None
) -> list[tuple[Kind, Tag | None]]:
    """The tags that differ once the genres are as in `raw` again; None for one that goes.

    What others changed since stays as they left it: the version of a tag too, unless it is still
    the one that the write left.

    Args:
        tags: of the file as it is now.
        raw: what `kept` found before a write.
        written: what it found after that write; None stands for what there is now.
    """
    new: dict[Kind, Tag | None] = {}
    for kind, tag in tags.by_kind.items():
        old, left = raw.of(kind), written.of(kind).header if written else None
        if tag is None:
            new[kind] = _made_again(tags, kind, old)
        elif old.header is None:
            new[kind] = _without(tags, kind, tag, raw.names)
        else:
            new[kind] = _with(tags, kind, tag, old, tag.header if left is None else left)
    restored = replace(tags, by_kind=new)
    if restored.genres != raw.names:
        # The tag that held them is gone: they go where genres belong in the file as it is.
        new |= restored.changes(raw.names, PLAIN)
    return [(kind, tag) for kind, tag in new.items() if tag != tags.by_kind[kind]]


def _made_again(tags: Tags, kind: Kind, old: RawTag) -> Tag | None:
    """The tag that somebody took out since, if the genre belongs there; it hides no other."""
    items = tuple(item for _, item in old.items if kind.is_genre(item))
    if not items or kind is not tags.home:
        return None
    bare = kind.described(Tag(header=old.header or b""), tags.hidden)
    return replace(bare, items=(*bare.items, *items))


def _without(tags: Tags, kind: Kind, tag: Tag, names: tuple[str, ...]) -> Tag | None:
    """`tag` as it must be where there was none: gone, unless others have added to it."""
    bare = kind.described(Tag(header=tag.header), tags.id3v1_fields)
    rest = kind.without_genres(tag)
    if kind in tags.container.homes and rest.items in ((), bare.items):
        return None
    return kind.with_genres(tag, names) if kind.genres(tag) else tag


def _with(tags: Tags, kind: Kind, tag: Tag, old: RawTag, written: bytes) -> Tag:
    """`tag` with the genre items of `old` at their places, and in its version."""
    header = old.header or b""
    others = tuple(item for _, item in old.items if not kind.is_genre(item))
    rest = _without_copies(tags, kind, kind.without_genres(tag), old)
    now, back = kind.reverted(rest, Tag(others, header), written)
    genres = [(at, item) for at, item in old.items if kind.is_genre(item)]
    if genres and not kind.hides(now) and not kind.hides(tag):
        now = kind.described(now, tags.id3v1_fields)
    adopted = kind.adopted([item for _, item in genres], header, now)
    places = [(at, item) for at, item in old.items if item in back]
    places += [(at, item) for (at, _), item in zip(genres, adopted, strict=False)]
    items = list(now.items)
    for at, item in sorted(places, key=lambda place: place[0]):
        items.insert(at, item)
    return replace(now, items=tuple(items))


def _without_copies(tags: Tags, kind: Kind, tag: Tag, old: RawTag) -> Tag:
    """`tag` without what was copied from ID3v1, unless what others added since would hide that."""
    copies = kind.described(Tag(header=tag.header), tags.id3v1_fields).items
    made = [item for item in copies if item.key in old.copied]
    rest = replace(tag, items=tuple(item for item in tag.items if item not in made))
    return tag if kind.hides(rest) else rest
