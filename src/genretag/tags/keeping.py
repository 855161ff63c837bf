"""The genres of a file exactly as they are stored, to be put back exactly."""

import json
from dataclasses import dataclass, replace
from typing import BinaryIO

from genretag.domain.layout import Layout
from genretag.tags.containers import CONTAINERS
from genretag.tags.editing import Tags
from genretag.tags.model import Item, Kind, Tag

SCHEMA = 1


@dataclass(frozen=True)
class RawTag:
    """What one tag has stored under `keys`, at which places; `header` is None for no tag.

    Besides the genre, `keys` name the ID3 frames that a change of version would rewrite.
    """

    format: str
    header: bytes | None = None
    keys: tuple[str, ...] = ()
    items: tuple[tuple[int, Item], ...] = ()


@dataclass(frozen=True)
class RawGenres:
    """The genres of a file as they are stored in each of its tags."""

    container: str
    tags: tuple[RawTag, ...]

    def says_the_same(self, other: "RawGenres") -> bool:
        """Whether the genres are stored in the same bytes, wherever among the other items."""
        return self._genres() == other._genres()

    def _genres(self) -> dict[str, list[bytes]]:
        kinds = {kind.format: kind for kind in CONTAINERS[self.container].kinds}
        found = {
            tag.format: [item.data for _, item in tag.items if kinds[tag.format].is_genre(item)]
            for tag in self.tags
            if tag.format in kinds
        }
        return {format_: data for format_, data in found.items() if data}

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
    }


def _tag(entry: dict[str, object]) -> RawTag:
    header, keys, items = entry["header"], entry["keys"], entry["items"]
    if not (isinstance(keys, list) and isinstance(items, list)):
        raise TypeError("keys and items must be lists")
    return RawTag(
        str(entry["format"]),
        None if header is None else bytes.fromhex(str(header)),
        tuple(keys),
        tuple((at, Item(key, bytes.fromhex(data))) for at, key, data in items),
    )


def kept(tags: Tags, layout: Layout) -> RawGenres:
    """The genres in `tags`, and whatever else a write with `layout` would change."""
    found = []
    for kind, tag in tags.by_kind.items():
        if tag is None:
            found.append(RawTag(kind.format))
            continue
        keys = {item.key for item in tag.items if kind.is_genre(item)}
        if kind is tags.home:
            keys |= kind.rewritten(tag, layout)
        items = tuple((at, item) for at, item in enumerate(tag.items) if item.key in keys)
        found.append(RawTag(kind.format, tag.header, tuple(sorted(keys)), items))
    return RawGenres(tags.container.name, tuple(found))


def put_back(tags: Tags, raw: RawGenres, file: BinaryIO) -> list[tuple[Kind, Tag | None]]:
    """The tags that differ once the genres are as in `raw` again; None for one that goes."""
    recorded = {tag.format: tag for tag in raw.tags}
    found: list[tuple[Kind, Tag | None]] = []
    for kind, tag in tags.by_kind.items():
        old = recorded.get(kind.format, RawTag(kind.format))
        new = _without(kind, tag, file) if old.header is None else _with(kind, tag, old)
        if new != tag:
            found.append((kind, new))
    return found


def _without(kind: Kind, tag: Tag | None, file: BinaryIO) -> Tag | None:
    """`tag` as it must be where there was none: gone, unless others have added to it."""
    return None if tag is None or kind.is_blank(tag, file) else kind.without_genres(tag)


def _with(kind: Kind, tag: Tag | None, old: RawTag) -> Tag:
    """`tag` with the items of `old` at their places, and in its version."""
    header = old.header or b""
    now = kind.returned(tag, header) if tag else Tag(header=header)
    items = [item for item in now.items if item.key not in old.keys and not kind.is_genre(item)]
    for at, item in old.items:
        items.insert(at, item)
    return replace(now, items=tuple(items))
